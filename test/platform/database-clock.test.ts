import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { databaseClock } from '../../src/platform/database-clock.ts';

/** A server whose clock is so far ahead, asked over a network that takes so long each way. */
function server(aheadMs: number) {
  const here = { ms: 0 };
  const clock = databaseClock(() => here.ms);
  let ahead = aheadMs;
  return {
    set: (newAhead: number) => {
      ahead = newAhead;
    },
    ask: (thereMs: number, backMs: number) => {
      const askedAt = here.ms;
      here.ms += thereMs;
      const at = new Date(Math.floor(here.ms + ahead));
      here.ms += backMs;
      clock.observe(at, askedAt, here.ms);
    },
    error: () => clock.now() - (here.ms + ahead),
  };
}

describe("the database's clock", () => {
  test('is not told before the first answer', () => {
    expect(() => databaseClock().now()).toThrow('nothing is known');
  });

  test.each([
    { answers: [[1, 1]], error: 2 },
    { answers: [[300, 1]], error: 151 },
    // A slow answer says little, and takes nothing back of what a quick one has said.
    { answers: [[1, 1], [300, 1]], error: 2 }, // prettier-ignore
    { answers: [[300, 1], [1, 1]], error: 2 }, // prettier-ignore
    // Slow on the way there and slow on the way back: between them they leave little room.
    { answers: [[300, 1], [1, 300]], error: 2 }, // prettier-ignore
  ])('is known to $error ms after answers that took $answers', ({ answers, error }) => {
    const { ask, error: off } = server(1_000_000);
    for (const [there = 0, back = 0] of answers) ask(there, back);
    expect(Math.abs(off())).toBeLessThanOrEqual(error);
  });

  test('is never off by more than the quickest answer took, and what the clocks may have drifted since', () => {
    const trip = fc.integer({ min: 0, max: 400 });
    fc.assert(
      fc.property(fc.array(fc.tuple(trip, trip), { minLength: 1, maxLength: 20 }), (trips) => {
        const { ask, error } = server(5_000);
        for (const [there, back] of trips) ask(there, back);
        const quickest = Math.min(...trips.map(([there, back]) => there + back));
        const all = trips.reduce((sum, [there, back]) => sum + there + back, 0);
        expect(Math.abs(error())).toBeLessThanOrEqual(quickest / 2 + 1 + all * 1e-4);
      }),
    );
  });

  test.each([-86_400_000, 86_400_000])('is the new one after it was set by %i ms', (step) => {
    const { ask, set, error } = server(1_000);
    ask(1, 1);
    set(1_000 + step);
    ask(5, 5);
    expect(Math.abs(error())).toBeLessThanOrEqual(6);
  });
});
