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
    rowBreaksAfterMs: 100,
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

/** As a flood is noted. */
function flood(organizationId: string): void {
  for (let count = 0; count < 3; count += 1) rests.note(organizationId);
}

test('who was not noted does not rest, and is not waited for', () => {
  expect(rests.waits('a')).toBe(false);
  expect(rests.resting()).toEqual([]);
});

test('two deliveries in a row are no flood, nor are many with time in between', () => {
  rests.note('a');
  rests.note('a');
  expect(rests.waits('a')).toBe(false);
  for (let count = 0; count < 5; count += 1) {
    pass(100);
    rests.note('a');
    expect(rests.waits('a')).toBe(false);
  }
});

test('a rest lasts its length, and who waits for its end is told then, once', () => {
  flood('a');
  pass(10);
  expect([rests.waits('a'), rests.waits('a'), rests.resting()]).toEqual([true, true, ['a']]);
  pass(100);
  expect(rested).toEqual(['a 30']);
  expect([rests.waits('a'), rests.resting()]).toEqual([false, []]);
});

test('of whom nobody waits nothing is told', () => {
  flood('a');
  pass(100);
  expect(rested).toEqual([]);
});

test('each is told at its own end, whoever was waited for first', () => {
  flood('a');
  pass(10);
  flood('b');
  expect(rests.waits('b')).toBe(true);
  pass(5);
  expect(rests.waits('a')).toBe(true);
  expect(rests.resting()).toEqual(['a', 'b']);
  pass(100);
  expect(rested).toEqual(['a 30', 'b 40']);
});

test('a rest that begins anew is told at its new end', () => {
  flood('a');
  rests.waits('a');
  pass(20);
  rests.note('a');
  pass(100);
  expect(rested).toEqual(['a 50']);
});

test('a rest that is ended keeps nobody waiting any longer; the next one of the row rests again', () => {
  flood('a');
  rests.end('a');
  expect([rests.waits('a'), rests.resting()]).toEqual([false, []]);
  rests.note('a');
  expect(rests.waits('a')).toBe(true);
});

test('nobody is told after the close', () => {
  flood('a');
  rests.waits('a');
  rests.close();
  expect(rests.waits('a')).toBe(false);
  pass(100);
  expect(rested).toEqual([]);
});
