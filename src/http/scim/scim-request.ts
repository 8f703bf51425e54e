import type { DirectoryCaller } from '../../directory/caller.ts';
import type { Condition, Database } from '../../platform/database.ts';
import type { Deadline } from '../../platform/deadline.ts';
import type { Logger } from '../../platform/logger.ts';
import type { LateEntries } from '../../sync-log/late-entries.ts';
import type { ResourceTypes } from '../../scim/resource-types.ts';

/** An authenticated SCIM request: all that its handling depends on beside its own path, parameters and body. */
export interface ScimRequest {
  /** The identity provider, as the directory knows it, and the id of the entry that the request may leave. */
  caller: DirectoryCaller & { entryId: string };
  /** For the work of this request: nothing of it outlives the request's deadline. */
  db: Database;
  deadline: Deadline;
  /** For the entry about it, which comes after the work. */
  logDb: Database;
  lateEntries: Pick<LateEntries, 'add'>;
  /** Where the organization's SCIM resources live, without a slash at the end. */
  baseUrl: string;
  /** With the extensions that were registered when the request came. */
  resourceTypes: ResourceTypes;
  /** By the database's clock. */
  receivedAt: Date;
  requestId: string;
  logger: Logger;
  /**
   * The condition that every statement of `db` requires, because the token was not looked up for this request: until one
   * has run nothing is known of it. Null: it was looked up.
   */
  stands: Condition | null;
  /** Whether `confirm` has found the token good. */
  isConfirmed: boolean;
  /** Whether it had to wait for its turn, so that what authentication found may have changed since. */
  hasWaited: boolean;
  /** Whether the endpoint has begun, so that the body is read and accepted. */
  hasBegun: boolean;
  /**
   * Looks the token up again if that is more than a moment ago. Throws as authentication does, and ConditionError where
   * the request has begun under settings that have changed since.
   */
  confirm(): Promise<void>;
}
