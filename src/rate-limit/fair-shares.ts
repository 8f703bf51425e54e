import { createRecentActivity } from './recent-activity.ts';

/**
 * Fair shares of one process. While several keys (organizations) are active, each may have only so many pieces of work
 * under way; those beyond wait for their turn behind the others of the same key, and there is a pause between two of them.
 * Whoever is alone is not held back.
 *
 * How many a second somebody may send is another question (rate-limiter.ts): a flood within its rate can still be all
 * that a machine does. It then stands in every queue before its neighbours: of the event loop, of the connections to the
 * database and of the processors. Here it stands in a queue of its own, and the others find it nearly empty everywhere.
 */
export interface FairShares {
  /** Costs next to nothing. @returns undefined: others come first, and `wait` is the way */
  begin(key: string): Turn | undefined;
  /**
   * Waits behind the others of `key`.
   *
   * @param patienceMs how long at most
   * @param onEnd called once, later
   * @returns undefined when too many wait already
   */
  wait(key: string, patienceMs: number, onEnd: (end: WaitEnd) => void): Turn | undefined;
  /**
   * For the pauses of long work: lets those of the same key go first that wait.
   *
   * @returns undefined: nobody does; else it resolves when its turn has come again. After `patienceMs`, or when it is
   *   given back meanwhile, it resolves as well, and the work goes on as it may
   */
  pass(turn: Turn, patienceMs: number): Promise<void> | undefined;
  /** The work is done, or nobody wants it any more, in whatever state it is. Once is enough, more often does no harm. */
  giveBack(turn: Turn): void;
}

/** How waiting ended: its turn has come, it has not in time, or it was given back before. */
export type WaitEnd = (typeof waitEnds)[number];

export const waitEnds = ['begins', 'late', 'gone'] as const;

/** The place of one piece of work. */
export interface Turn {
  readonly share: Share;
  state: 'waits' | 'works' | 'over';
  /** When it began to wait, or to work. */
  since: number;
  patienceMs: number;
  onEnd: ((end: WaitEnd) => void) | null;
}

/** What one key has under way. Both sets in the order of their coming. */
interface Share {
  readonly key: string;
  /** Turns that are not over; some of them have neither a place nor wait for one. */
  turns: number;
  readonly working: Set<Turn>;
  readonly waiting: Set<Turn>;
}

/** More would be refused in the end: so many are not served within the patience of the last one. */
const mostWaiting = 500;

/**
 * What takes longer is not in anybody's way by working: it waits, for a lock or for a client that sends or reads slowly.
 * Its place goes to the next one, or a few of those would shut out all others of their organization.
 */
const placeForMs = 1_000;

/** A pause is as long as the work before it; but what took longer than this was itself waiting for something. */
const longestPauseMs = 20;

/** How often it is looked at who waits too long, while somebody waits. */
const lookEveryMs = 50;

export interface FairSharesOptions {
  /** How many of one key may be under way while another one is active; null: all. */
  atOnce: number | null;
  /** Told how long each waited, in the end. */
  onWaited?: (end: WaitEnd, waitedMs: number) => void;
  /** Milliseconds; only differences count. */
  now?: () => number;
}

export function createFairShares({ atOnce, onWaited, now = () => performance.now() }: FairSharesOptions): FairShares {
  const limit = atOnce ?? Infinity;
  const activity = createRecentActivity();
  const shares = new Map<string, Share>();
  let waiting = 0;
  let looks: NodeJS.Timeout | undefined;

  const shareOf = (key: string): Share => {
    let share = shares.get(key);
    if (share === undefined) {
      share = { key, turns: 0, working: new Set(), waiting: new Set() };
      shares.set(key, share);
    }
    return share;
  };
  const hasPlace = ({ key, working }: Share, at: number): boolean =>
    working.size < limit || !activity.hasOthers(key, at);

  function startWorking(turn: Turn, at: number): void {
    turn.state = 'works';
    turn.since = at;
    turn.share.working.add(turn);
  }

  function startWaiting(turn: Turn, at: number): void {
    turn.state = 'waits';
    turn.since = at;
    turn.share.waiting.add(turn);
    waiting += 1;
    looks ??= setInterval(look, lookEveryMs);
  }

  function endWaiting(turn: Turn, end: WaitEnd, at: number): void {
    const { onEnd, since, share } = turn;
    share.waiting.delete(turn);
    waiting -= 1;
    if (waiting === 0) {
      clearInterval(looks);
      looks = undefined;
    }
    turn.onEnd = null;
    if (end === 'begins') startWorking(turn, at);
    onWaited?.(end, at - since);
    onEnd?.(end);
  }

  /** Gives free places to those who wait. */
  function admit(share: Share, at: number): void {
    for (const turn of share.waiting) {
      if (!hasPlace(share, at)) return;
      endWaiting(turn, 'begins', at);
    }
  }

  /**
   * Makes room where `turn` was. While others of its key wait, and other keys are active, there is a pause first, as long
   * as the work was: so a flood uses each of its places half of the time. Without it one request followed the other so
   * closely that on two cores a neighbour's slowest of a hundred took two to four times as long (docs/performance.md).
   */
  function leavePlace(turn: Turn, at: number): void {
    const { share, since } = turn;
    if (!share.working.delete(turn)) return;
    const pauseMs = Math.min(at - since, longestPauseMs);
    if (pauseMs < 1 || share.waiting.size === 0 || !activity.hasOthers(share.key, at)) return;
    const pause = { ...turn };
    share.working.add(pause);
    setTimeout(() => {
      share.working.delete(pause);
      admit(share, now());
    }, pauseMs);
  }

  function end(turn: Turn, waitEnd: WaitEnd, at: number): void {
    const { share, state } = turn;
    turn.state = 'over';
    leavePlace(turn, at);
    share.turns -= 1;
    if (share.turns === 0) shares.delete(share.key);
    if (state === 'waits') endWaiting(turn, waitEnd, at);
  }

  function look(): void {
    const at = now();
    for (const share of shares.values()) {
      for (const turn of share.working) {
        if (at - turn.since < placeForMs) break;
        share.working.delete(turn);
      }
      for (const turn of share.waiting) {
        if (at - turn.since >= turn.patienceMs) end(turn, 'late', at);
      }
      admit(share, at);
    }
  }

  return {
    begin(key) {
      const at = now();
      activity.note(key, at);
      const share = shareOf(key);
      if (share.waiting.size > 0 || !hasPlace(share, at)) return undefined;
      const turn: Turn = { share, state: 'works', since: at, patienceMs: 0, onEnd: null };
      share.turns += 1;
      share.working.add(turn);
      return turn;
    },
    wait(key, patienceMs, onEnd) {
      const share = shareOf(key);
      if (share.waiting.size >= mostWaiting) return undefined;
      const turn: Turn = { share, state: 'waits', since: 0, patienceMs, onEnd };
      share.turns += 1;
      startWaiting(turn, now());
      return turn;
    },
    pass(turn, patienceMs) {
      const { share } = turn;
      const at = now();
      activity.note(share.key, at);
      if (turn.state === 'over') return undefined;
      leavePlace(turn, at);
      if (share.waiting.size === 0) {
        // Whoever was long at the piece before may have lost its place meanwhile.
        startWorking(turn, at);
        return undefined;
      }
      return new Promise((resolve) => {
        turn.patienceMs = patienceMs;
        turn.onEnd = () => resolve();
        startWaiting(turn, at);
        admit(share, at);
      });
    },
    giveBack(turn) {
      if (turn.state === 'over') return;
      const at = now();
      end(turn, 'gone', at);
      admit(turn.share, at);
    },
  };
}
