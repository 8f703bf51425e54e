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
    told: () => clock.now(),
    error: () => clock.now() - (here.ms + ahead),
  };
}

describe("the database's clock", () => {
  test('is not told before the first answer', () => {
    expect(() => databaseClock().now()).toThrow('nothing is known');
  });

  test.each([
    { answers: [[1, 1]], behind: 2 },
    { answers: [[1, 300]], behind: 301 },
    // Waiting for a connection, say, takes nothing away from what the answer tells.
    { answers: [[300, 1]], behind: 2 },
    // A slow answer says little, and takes nothing back of what a quick one has said.
    { answers: [[1, 1], [1, 300]], behind: 2 }, // prettier-ignore
    { answers: [[1, 300], [1, 1]], behind: 2 }, // prettier-ignore
  ])('is told at most $behind ms late after answers that took $answers', ({ answers, behind }) => {
    const { ask, error } = server(1_000_000);
    for (const [there = 0, back = 0] of answers) ask(there, back);
    expect(error()).toBeLessThanOrEqual(0);
    expect(error()).toBeGreaterThanOrEqual(-behind);
  });

  test('is never told early, never goes back, and is late by the quickest way back and what the clocks may have drifted', () => {
    const trip = fc.integer({ min: 0, max: 400 });
    fc.assert(
      fc.property(fc.array(fc.tuple(trip, trip), { minLength: 1, maxLength: 20 }), (trips) => {
        const { ask, error, told } = server(5_000);
        let last = -Infinity;
        for (const [there, back] of trips) {
          ask(there, back);
          expect(told()).toBeGreaterThanOrEqual(last);
          last = told();
        }
        const quickest = Math.min(...trips.map(([, back]) => back));
        const all = trips.reduce((sum, [there, back]) => sum + there + back, 0);
        expect(error()).toBeLessThanOrEqual(0);
        expect(error()).toBeGreaterThanOrEqual(-quickest - 1 - all * 1e-4);
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
