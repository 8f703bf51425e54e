import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createRests, type Rests } from '../../src/queue/rests.ts';

let at: number;
let rested: string[];
let rests: Rests;
beforeEach(() => {
  vi.useFakeTimers();
  at = 0;
  rested = [];
  rests = createRests({
    lengthMs: 30,
    now: () => at,
    onRested: (organizationId) => rested.push(`${organizationId} ${at}`),
  });
});
afterEach(() => {
  rests.close();
  vi.useRealTimers();
});

function pass(ms: number): void {
  for (let passed = 0; passed < ms; passed += 1) {
    at += 1;
    vi.advanceTimersByTime(1);
  }
}

test('who has not begun to rest does not rest, and is not waited for', () => {
  expect(rests.waits('a')).toBe(false);
  expect(rests.resting()).toEqual([]);
});

test('a rest lasts its length, and who waits for its end is told then, once', () => {
  rests.begin('a');
  pass(10);
  expect([rests.waits('a'), rests.waits('a'), rests.resting()]).toEqual([true, true, ['a']]);
  pass(100);
  expect(rested).toEqual(['a 30']);
  expect([rests.waits('a'), rests.resting()]).toEqual([false, []]);
});

test('of whom nobody waits nothing is told', () => {
  rests.begin('a');
  pass(100);
  expect(rested).toEqual([]);
});

test('each is told at its own end, whoever began to wait first', () => {
  rests.begin('a');
  pass(10);
  rests.begin('b');
  expect(rests.waits('b')).toBe(true);
  pass(5);
  expect(rests.waits('a')).toBe(true);
  expect(rests.resting()).toEqual(['a', 'b']);
  pass(100);
  expect(rested).toEqual(['a 30', 'b 40']);
});

test('a rest that begins anew is told at its new end', () => {
  rests.begin('a');
  rests.waits('a');
  pass(20);
  rests.begin('a');
  pass(100);
  expect(rested).toEqual(['a 50']);
});

test('a rest that is ended keeps nobody waiting any longer', () => {
  rests.begin('a');
  rests.end('a');
  expect(rests.waits('a')).toBe(false);
});
