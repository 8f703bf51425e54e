/** The two queues; a job row names the one that it is worked in. */
export const queueNames = ['group-membership', 'workspace-mapping'] as const;
export type QueueName = (typeof queueNames)[number];

/** At most so many users in one `group-membership` job: a bound on its transaction, larger changes become several rows. */
export const maxUsersPerJob = 500;

/** Reconcile these users: their memberships, or they themselves, changed. */
export interface GroupMembershipPayload {
  userIds: string[];
}

/**
 * Reconcile everybody a change of rules concerns, in keyset pages of users.
 *
 * - `group`: the members of one group, because its mapping was saved.
 * - `organization`: every user of the directory, because the connection role changed, directory sync was selected again, or
 *   a resync was asked for or due (`reason` says which, for the log).
 */
export type WorkspaceMappingPayload =
  | { scope: 'group'; groupId: string; afterUserId?: string }
  | { scope: 'organization'; reason: string; onlyDrift?: boolean; afterUserId?: string };

export type JobStatus = 'pending' | 'dispatched' | 'failed';

/** How far a walk over many users has come. */
export interface JobProgress {
  done: number;
  total: number;
  /** How many of those done needed a change. */
  changed?: number;
}
