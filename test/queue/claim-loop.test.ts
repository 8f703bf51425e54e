import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createClaimLoop } from '../../src/queue/claim-loop.ts';
import { claimPauseMs, newcomerPauseMs } from '../../src/queue/settings.ts';

let claims: number[];
let found: Set<string>;
/** What happens while a claim is on its way. */
let meanwhile: () => void;
beforeEach(() => {
  vi.useFakeTimers();
  claims = [];
  found = new Set();
  meanwhile = () => undefined;
});
afterEach(() => vi.useRealTimers());

const open = () =>
  createClaimLoop(async () => {
    claims.push(Math.round(performance.now() - startedAt));
    meanwhile();
    return found;
  });
let startedAt: number;
beforeEach(() => {
  startedAt = performance.now();
});

test('many who want a claim at once make one, and whoever wants the next one waits for the pause', async () => {
  const loop = open();
  found = new Set(['a']);
  loop.want('a');
  loop.want('a');
  await vi.advanceTimersByTimeAsync(1);
  expect(claims).toHaveLength(1);
  loop.want('a');
  loop.want('a');
  await vi.advanceTimersByTimeAsync(claimPauseMs - 2);
  expect(claims).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(100);
  expect(claims).toHaveLength(2);
});

test('who wanted a claim that found nothing, because as much as may be is in the queue, waits for the pause all the same', async () => {
  const loop = open();
  loop.want('a');
  await vi.advanceTimersByTimeAsync(1);
  loop.want('a');
  await vi.advanceTimersByTimeAsync(claimPauseMs - 2);
  expect(claims).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(100);
  expect(claims).toHaveLength(2);
});

test('who had no part in the claim before waits a moment only, whether it comes in the pause or before', async () => {
  const loop = open();
  found = new Set(['a']);
  loop.want('a');
  await vi.advanceTimersByTimeAsync(1);
  loop.want('b');
  await vi.advanceTimersByTimeAsync(newcomerPauseMs);
  expect(claims).toHaveLength(2);

  await vi.advanceTimersByTimeAsync(100);
  claims = [];
  meanwhile = () => {
    meanwhile = () => undefined;
    loop.want('b');
  };
  loop.want('a');
  await vi.advanceTimersByTimeAsync(newcomerPauseMs + 1);
  expect(claims).toHaveLength(2);
});

test('after the close nothing is claimed', async () => {
  const loop = open();
  loop.want('a');
  await vi.advanceTimersByTimeAsync(1);
  loop.want('a');
  const closed = loop.close();
  loop.want('b');
  await vi.advanceTimersByTimeAsync(100);
  await closed;
  expect(claims).toHaveLength(1);
});
