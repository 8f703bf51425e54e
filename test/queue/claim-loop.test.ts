import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createClaimLoop } from '../../src/queue/claim-loop.ts';
import { claimPauseMs, newcomerPauseMs } from '../../src/queue/settings.ts';

/** When each began. */
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
    claims.push(performance.now());
    meanwhile();
    return found;
  });

test.each([
  ['what it wanted', ['a']],
  ['nothing, because as much as may be is in the queue', []],
])(
  'many who want a claim at once make one, and whoever wants the next one after it found %s waits for the pause',
  async (_, organizations) => {
    const loop = open();
    found = new Set(organizations);
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
  },
);

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
