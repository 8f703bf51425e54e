import sql from 'sql-template-tag';
import { DomainError } from '../platform/errors.ts';
import { isId } from '../platform/ids.ts';
import type { Queryable } from '../platform/database.ts';
import { insertEntry, type SyncLogEntryInput } from './append.ts';

/**
 * Runs `work`, and when a rule refuses it (a DomainError), leaves the FAILED entry that says why. `work` opens and
 * rolls back its own transaction, so the entry is all that a refused change writes.
 *
 * Nothing is written for an unknown organization: there is no log to write to.
 */
export async function recordRefusal<T>(
  db: Queryable,
  attempt: Omit<SyncLogEntryInput, 'status' | 'message'>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DomainError && isId(attempt.organizationId)) {
      await db.query(
        insertEntry(
          {
            ...attempt,
            status: 'FAILED',
            message: error.message,
            details: { ...attempt.details, reason: error.code },
          },
          sql`FROM organizations WHERE id = ${attempt.organizationId}::uuid`,
        ),
      );
    }
    throw error;
  }
}
