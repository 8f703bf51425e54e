import { setTimeout as sleep } from 'node:timers/promises';
import type { Knex } from 'knex';

/**
 * How long a change of the schema may wait for its locks. Whoever comes after it waits behind it in the queue of the
 * lock, even when it would not have to wait for those who hold it; so this is how long a change holds others up in vain.
 */
export const lockTimeoutMs = 250;

/** Long enough for those who queued up to pass, and for whoever holds the lock to be done: ten tries take some 8 s. */
const pauseMs = 600;

export interface LockTries {
  /** The error of the last one is thrown. */
  tries: number;
  /** For tests. */
  pauseMs?: number;
}

/** Runs `work` again after a pause when it could not get its locks in time (`lock_timeout`), or was a deadlock's victim. */
export async function retryLocked<T>(work: () => Promise<T>, options: LockTries): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if ((code !== '55P03' && code !== '40P01') || attempt >= options.tries) throw error;
      await sleep(options.pauseMs ?? pauseMs);
    }
  }
}

/**
 * Statements that begin a short change of `tables`. The first lock lets everybody read and write; only vacuum has to go,
 * which an automatic one does when it has kept somebody waiting for a second - longer than the change itself may wait.
 */
export function shortLocks(...tables: string[]): string {
  const keepVacuumOut = tables.map((table) => `LOCK TABLE ONLY ${table} IN SHARE UPDATE EXCLUSIVE MODE;`);
  return `SET LOCAL lock_timeout = '5s'; ${keepVacuumOut.join(' ')} SET LOCAL lock_timeout = ${lockTimeoutMs};`;
}

/**
 * A step of a migration that has `config = { transaction: false }`: its own transaction, which waits for locks a moment
 * only and tries again for some minutes. It must be able to run twice: a process may die between two steps.
 *
 * @param tables what it changes
 */
export function shortStep(knex: Knex, tables: string[], statements: string): Promise<void> {
  return retryLocked(
    () =>
      knex.transaction(async (tx) => {
        await tx.raw(shortLocks(...tables));
        await tx.raw(statements);
      }),
    { tries: 300 },
  );
}
