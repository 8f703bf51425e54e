import type { Database, Transaction } from '../platform/database.ts';
import { lockJob, type LockedJob, type LockOptions } from '../jobs/lock.ts';
import { skipJob } from '../jobs/finish.ts';
import { isActive, missingConditions, readDirectorySyncState } from '../provisioning/directory-sync-state.ts';
import type { JobReference } from './job-queue.ts';

/** How one delivery of a job ended well. */
export type JobResult =
  /** Access was computed and applied. */
  | 'applied'
  /** Directory sync is not active: nothing was applied, and the log says why. */
  | 'skipped'
  /** The row is gone: an earlier delivery has done the work. Nothing was done, nothing logged. */
  | 'already-done'
  /** The worker is shutting down; what is left is done by the next one. */
  | 'interrupted';

/** What the code that works on a job gets to know and to tell. */
export interface JobRun {
  db: Database;
  job: JobReference;
  /** Told the row as soon as it is locked: what the log and the handling of a failure need. */
  onLocked: (row: LockedJob) => void;
  /** Whether to stop at the next point where the job can be resumed. */
  shouldStop: () => boolean;
  /** Told after the commit how many users a look for drift had to repair. */
  onDriftRepaired?: (users: number) => void;
  /** Told after the commit which other jobs were done in the same go. */
  onDoneAlongside?: (rows: readonly Omit<LockedJob, 'alongside'>[]) => void;
  /** Told after the commit whether jobs of the organization waited that could not be done in the same go. */
  onLeft?: (left: 'none' | 'some') => void;
  onProgress: (progress: { done: number; total: number }) => void;
}

/**
 * Opens a transaction in which `work` may apply the job: its row and its organization are locked, the row still stands,
 * and directory sync is active. Where it is not, the job ends here. The state is read after the locks were had, so no
 * change of mode can slip in between.
 */
export function whileActive<T>(
  { db, job, onLocked }: JobRun,
  work: (tx: Transaction, row: LockedJob) => Promise<T>,
  lock: LockOptions = {},
): Promise<T | 'skipped' | 'already-done'> {
  return db.transaction(async (tx) => {
    const row = await lockJob(tx, job, lock);
    if (row === undefined) return 'already-done';
    onLocked(row);
    const state = await readDirectorySyncState(tx, row.organizationId);
    if (!isActive(state)) {
      const mode = state.modeIsScim ? [] : ['The provisioning mode is not SCIM.'];
      await skipJob(
        tx,
        row,
        `Directory sync is not active, so access stays as it is. ${[...mode, ...missingConditions(state)].join(' ')}`,
      );
      return 'skipped';
    }
    return work(tx, row);
  });
}
