import { ConditionError, isTemporary } from '../platform/database-errors.ts';
import type { Condition, Database } from '../platform/database.ts';
import { appendEntriesOnce, type SyncLogEntryInput } from './append.ts';

/** An entry that may be written a second time without becoming two. */
export type KnownEntry = SyncLogEntryInput & { id: string };

interface Late {
  entry: KnownEntry;
  condition: Condition | null;
  since: number;
}

/** Entries that could not be written when they were due. */
export interface LateEntries {
  /**
   * Keeps one and writes it as soon as that is possible. Returns at once, never throws.
   *
   * @param condition under which there is to be an entry; null: it is written in any case
   */
  add(entry: KnownEntry, condition?: Condition | null): void;
  /** Tries once more, and gives up what is left. */
  close(): Promise<void>;
}

/**
 * How long an entry is kept: the time that a database takes to come back from a restart or a failover. An entry is never
 * written longer after its id was made than this, and the ten seconds of a request.
 */
export const keptForMs = 120_000;

/** About a kilobyte each. Whoever refuses more than this in two minutes has another problem than the log. */
const maxKept = 10_000;

const retryEveryMs = 1_000;

/** Written in one statement. */
const batch = 200;

/**
 * Keeps entries that could not be written, in memory, and writes them when the database answers again. That matters
 * beyond the log: an entry that is in keeps the write whose outcome is not known from committing after all.
 *
 * @param onLost told how many entries were given up
 */
export function createLateEntries(db: Database, onLost: (entries: number) => void): LateEntries {
  let kept: Late[] = [];
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  const giveUp = (entries: number): void => {
    if (entries > 0) onLost(entries);
  };

  async function write(entries: KnownEntry[], condition: Condition | null): Promise<'written' | 'later'> {
    try {
      await appendEntriesOnce(condition === null ? db : db.provided(condition), entries);
      return 'written';
    } catch (error) {
      if (error instanceof ConditionError) return 'written';
      if (isTemporary(error)) return 'later';
      // One of them cannot be written at all, its organization is gone, say: the others can.
      if (entries.length === 1) giveUp(1);
      else for (const entry of entries) if ((await write([entry], condition)) === 'later') return 'later';
      return 'written';
    }
  }

  async function writeAll(): Promise<void> {
    const known = kept.length;
    kept = kept.filter(({ since }) => performance.now() - since < keptForMs);
    giveUp(known - kept.length);
    while (kept.length > 0) {
      const condition = kept[0]?.condition ?? null;
      const next = kept.filter((one) => one.condition === condition).slice(0, batch);
      if (
        (await write(
          next.map(({ entry }) => entry),
          condition,
        )) === 'later'
      )
        return;
      const done = new Set(next);
      kept = kept.filter((one) => !done.has(one));
    }
  }

  const schedule = (): void => {
    timer ??= setTimeout(() => {
      running = writeAll().finally(() => {
        timer = undefined;
        if (kept.length > 0) schedule();
      });
    }, retryEveryMs).unref();
  };

  return {
    add(entry, condition = null) {
      if (kept.length >= maxKept) {
        giveUp(1);
        return;
      }
      kept.push({ entry, condition, since: performance.now() });
      schedule();
    },
    async close() {
      clearTimeout(timer);
      await running;
      clearTimeout(timer);
      await writeAll();
      clearTimeout(timer);
      giveUp(kept.length);
      kept = [];
    },
  };
}
