import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createFairShares, type FairShares, type Turn } from '../../src/rate-limit/fair-shares.ts';

const patienceMs = 5_000;

let shares: FairShares;
/** What became of whoever had to wait, in the order of events. */
let ends: string[];
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'performance'] });
  shares = createFairShares({ atOnce: 2 });
  ends = [];
});
afterEach(() => {
  vi.useRealTimers();
});

/** Somebody of `key` comes, and waits where it has to. */
function come(key: string, name = key, patience = patienceMs): Turn {
  const turn = shares.begin(key) ?? shares.wait(key, patience, (end) => ends.push(`${name} ${end}`));
  if (turn === undefined) throw new Error(`${name} was turned away`);
  return turn;
}
const states = (...turns: Turn[]) => turns.map(({ state }) => state);

describe('work of one key', () => {
  test('has no limit while no other key is active', () => {
    expect(states(...Array.from({ length: 100 }, () => come('flood')))).toEqual(Array(100).fill('works'));
  });

  test('waits beyond the limit while another one is active, who does not wait', () => {
    come('neighbour');
    expect(states(come('flood'), come('flood'), come('flood'))).toEqual(['works', 'works', 'waits']);
    expect(states(come('neighbour'))).toEqual(['works']);
  });

  test('waits from the moment on at which another one comes, whatever is under way by then', () => {
    const early = Array.from({ length: 4 }, () => come('flood'));
    come('neighbour');
    const late = come('flood');
    const after = early.slice(0, 3).map((turn) => {
      shares.giveBack(turn);
      return late.state;
    });
    expect(after).toEqual(['waits', 'waits', 'works']);
  });

  test('is let go when nobody else was active for seconds', () => {
    come('neighbour');
    for (const name of ['first', 'second', 'third', 'fourth']) come('flood', name);
    vi.advanceTimersByTime(2_900);
    // Their places were given away: they have been at it for too long.
    expect(ends).toEqual(['third begins', 'fourth begins']);
    const waiting = come('flood', 'fifth');
    expect(waiting.state).toBe('waits');
    vi.advanceTimersByTime(150);
    expect(waiting.state).toBe('works');
  });

  test('begins in the order of its coming, also before who comes in the moment that a place is free', () => {
    come('neighbour');
    const working = [come('flood'), come('flood')];
    come('flood', 'first');
    come('flood', 'second');
    for (const turn of working) shares.giveBack(turn);
    come('flood', 'third');
    expect(ends).toEqual(['first begins', 'second begins']);
  });
});

describe('a place', () => {
  test('that is given back twice makes room for one', () => {
    come('neighbour');
    const [one] = [come('flood'), come('flood')];
    come('flood', 'first');
    come('flood', 'second');
    shares.giveBack(one);
    shares.giveBack(one);
    expect(ends).toEqual(['first begins']);
  });

  test('that is not given back for a second goes to the next one, and giving it back then makes no room', () => {
    come('neighbour');
    const [one, other] = [come('flood'), come('flood')];
    const next = [come('flood', 'first'), come('flood', 'second'), come('flood', 'third')];
    vi.advanceTimersByTime(950);
    expect(ends).toEqual([]);
    vi.advanceTimersByTime(50);
    expect(ends).toEqual(['first begins', 'second begins']);
    shares.giveBack(one);
    shares.giveBack(other);
    expect(states(...next)).toEqual(['works', 'works', 'waits']);
  });
});

describe('between two turns there is a pause', () => {
  /** Works for so long, and gives its place back while another one waits. */
  function workFor(ms: number): Turn {
    const [turn] = [come('flood'), come('flood')];
    const next = come('flood', 'next');
    vi.advanceTimersByTime(ms);
    shares.giveBack(turn);
    return next;
  }

  test.each([
    [0, 0],
    [4, 4],
    [20, 20],
    [900, 20],
  ])('after work of %i ms of %i ms', (workMs, pauseMs) => {
    come('neighbour');
    const next = workFor(workMs);
    if (pauseMs > 0) {
      expect(next.state).toBe('waits');
      vi.advanceTimersByTime(pauseMs - 1);
      expect([next.state, come('flood').state]).toEqual(['waits', 'waits']);
      vi.advanceTimersByTime(1);
    }
    expect(next.state).toBe('works');
  });

  test('but not where nobody waits', () => {
    come('neighbour');
    for (let count = 0; count < 10; count += 1) {
      const turn = come('flood');
      vi.advanceTimersByTime(10);
      expect(turn.state).toBe('works');
      shares.giveBack(turn);
    }
  });

  test('and none when the others are not active any more', () => {
    come('neighbour');
    vi.advanceTimersByTime(2_990);
    expect(workFor(10).state).toBe('works');
  });

  test('also between two pieces of long work', async () => {
    come('neighbour');
    const [bulk] = [come('flood'), come('flood')];
    const next = come('flood', 'next');
    vi.advanceTimersByTime(5);
    const passed = shares.pass(bulk, patienceMs);
    expect(states(bulk, next)).toEqual(['waits', 'waits']);
    vi.advanceTimersByTime(5);
    expect(states(bulk, next)).toEqual(['waits', 'works']);
    shares.giveBack(next);
    await passed;
    expect(bulk.state).toBe('works');
  });
});

describe('whoever waits', () => {
  beforeEach(() => {
    come('neighbour');
    come('flood');
    come('flood');
  });

  test('and gives up is passed over, and is told once', () => {
    const waiting = come('flood', 'first');
    shares.giveBack(waiting);
    shares.giveBack(waiting);
    come('flood', 'second');
    vi.advanceTimersByTime(1_000);
    expect(ends).toEqual(['first gone', 'second begins']);
  });

  test('is told when its patience ends, each by its own', () => {
    come('flood', 'patient', 900);
    come('flood', 'impatient', 100);
    vi.advanceTimersByTime(100);
    expect(ends).toEqual(['impatient late']);
    vi.advanceTimersByTime(800);
    expect(ends).toEqual(['impatient late', 'patient late']);
  });

  test('is turned away when too many wait already, but not those of others', () => {
    for (let count = 0; count < 500; count += 1) come('flood');
    expect(shares.begin('flood')).toBeUndefined();
    expect(shares.wait('flood', patienceMs, () => undefined)).toBeUndefined();
    expect(states(come('other'), come('other'), come('other'))).toEqual(['works', 'works', 'waits']);
  });

  test('leaves no timer behind', () => {
    const [turn] = [come('flood'), come('flood', 'late', 50)];
    expect(vi.getTimerCount()).toBe(1);
    shares.giveBack(turn);
    vi.advanceTimersByTime(50);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('long work that pauses', () => {
  test('goes on at once where nobody of its own waits', () => {
    come('neighbour');
    const bulk = come('flood');
    expect(shares.pass(bulk, patienceMs)).toBeUndefined();
    expect(states(bulk, come('flood'), come('flood'))).toEqual(['works', 'works', 'waits']);
  });

  test('lets those go first that wait, and then has its turn again', async () => {
    come('neighbour');
    const [bulk, other] = [come('flood'), come('flood')];
    const waiting = come('flood', 'first');
    const passed = shares.pass(bulk, patienceMs);
    expect(states(bulk, waiting)).toEqual(['waits', 'works']);
    shares.giveBack(other);
    await passed;
    expect(bulk.state).toBe('works');
  });

  test('keeps its place however long it is at it, if each piece is short', () => {
    come('neighbour');
    const bulk = come('flood');
    for (let piece = 0; piece < 20; piece += 1) {
      vi.advanceTimersByTime(500);
      expect(shares.pass(bulk, patienceMs)).toBeUndefined();
      come('neighbour');
    }
    const others = [come('flood'), come('flood')];
    vi.advanceTimersByTime(100);
    expect(states(...others)).toEqual(['works', 'waits']);
  });

  test.each([
    ['its patience ends', () => vi.advanceTimersByTime(600)],
    ['nobody wants it any more', (turn: Turn) => shares.giveBack(turn)],
  ])('is not held up for ever when %s', async (_why, end) => {
    come('neighbour');
    const bulk = come('flood');
    come('flood');
    come('flood', 'first');
    const passed = shares.pass(bulk, 600);
    end(bulk);
    await passed;
    expect(shares.pass(bulk, 600)).toBeUndefined();
  });
});

test('without a limit nobody ever waits', () => {
  shares = createFairShares({ atOnce: null });
  come('neighbour');
  expect(states(...Array.from({ length: 100 }, () => come('flood')))).toEqual(Array(100).fill('works'));
});

test('how long somebody waited is told with how it ended', () => {
  const told: [string, number][] = [];
  shares = createFairShares({ atOnce: 1, onWaited: (end, ms) => told.push([end, ms]) });
  come('neighbour');
  const first = come('flood');
  const [second] = [come('flood'), come('flood'), come('flood', 'late', 200)];
  vi.advanceTimersByTime(200);
  shares.giveBack(second);
  shares.giveBack(first);
  vi.advanceTimersByTime(20);
  expect(told).toEqual([
    ['late', 200],
    ['gone', 200],
    ['begins', 220],
  ]);
});
