import type { SyncLogAction, SyncLogResourceType } from '../../contract/sync-log.ts';
import { ConditionError, isTemporary } from '../../platform/database-errors.ts';
import type { Condition } from '../../platform/database.ts';
import { isJsonObject } from '../../scim/json.ts';
import { appendEntriesOnce, readOutcome } from '../../sync-log/append.ts';
import type { KnownEntry } from '../../sync-log/late-entries.ts';
import { failureOfWrite, messageOfFailedWrite } from './failed-write.ts';
import type { ScimRequest } from './scim-request.ts';
import { toScimError } from './scim-error-answer.ts';

/** What a write was about, as far as it can be told when it fails. */
export interface Attempt {
  action: SyncLogAction;
  type: SyncLogResourceType;
  id: string | null;
  body: unknown;
}

/** A write that did not get done, and why. */
export interface FailedWrite extends Attempt {
  error: unknown;
}

/** What became of the FAILED entry, and so of the write. */
export type Recorded =
  /** The entry is there: the write has changed nothing, and cannot any more. */
  | { kind: 'written' }
  /** The write's own entry was there already: it is committed. */
  | { kind: 'committed'; resourceId: string }
  /** Neither could be found out. The entry is written as soon as the database lets it. */
  | { kind: 'later' };

/** A name that somebody sent, cut to what a log line can carry. */
const maxNameLength = 256;

/** Writes the FAILED entry of a write. Never throws. */
export async function recordFailure(request: ScimRequest, failed: FailedWrite): Promise<Recorded> {
  const entry = entryOf(request, failed);
  const { organizationId } = entry;
  try {
    const written = await appendEntry(request, entry);
    if (written) return { kind: 'written' };
    const outcome = await readOutcome(request.logDb, organizationId, entry.id);
    if (outcome === undefined || outcome.status === 'FAILED') return { kind: 'written' };
    return { kind: 'committed', resourceId: outcome.resourceId ?? '' };
  } catch (error) {
    keepForLater(request, [entry], error);
    return { kind: 'later' };
  }
}

/**
 * Where the token was to be checked by a statement, it is checked again by this one: whoever may not call leaves nothing.
 *
 * @returns false: there is one already, or must be none
 */
async function appendEntry(request: ScimRequest, entry: KnownEntry): Promise<boolean> {
  const { logDb } = request;
  const condition = conditionOfEntry(request);
  try {
    const written = await appendEntriesOnce(condition === null ? logDb : logDb.provided(condition), [entry]);
    return written.has(entry.id);
  } catch (error) {
    if (error instanceof ConditionError) return false;
    throw error;
  }
}

/** Writes the FAILED entries of writes that did not even begin, in one statement. Never throws. */
export async function recordFailures(
  request: ScimRequest,
  failed: readonly (FailedWrite & { entryId: string })[],
): Promise<void> {
  const entries = failed.map(({ entryId, ...write }) =>
    entryOf({ ...request, caller: { ...request.caller, entryId } }, write),
  );
  try {
    await appendEntriesOnce(request.logDb, entries);
  } catch (error) {
    keepForLater(request, entries, error);
  }
}

/** A token that was found good for this request has its entry, whatever becomes of the token. */
function conditionOfEntry({ stands, isConfirmed }: ScimRequest): Condition | null {
  return isConfirmed ? null : stands;
}

/** The answer must not change because its entry cannot be written. */
function keepForLater(request: ScimRequest, entries: readonly KnownEntry[], error: unknown): void {
  const { lateEntries, logger } = request;
  const level = isTemporary(error) ? 'warn' : 'error';
  logger[level]({ err: error, entries: entries.length }, 'the FAILED entry of a SCIM write could not be written yet');
  for (const entry of entries) lateEntries.add(entry, conditionOfEntry(request));
}

function entryOf({ caller, requestId }: ScimRequest, failed: FailedWrite): KnownEntry {
  const answer = toScimError(failed.error, requestId);
  const failure = failureOfWrite(answer);
  return {
    id: caller.entryId,
    organizationId: caller.organizationId,
    action: failed.action,
    status: 'FAILED',
    resource: { type: failed.type, id: failed.id?.slice(0, maxNameLength) ?? null, name: nameIn(failed.body) },
    cause: caller.cause,
    message: messageOfFailedWrite(answer.detail, failure),
    details: {
      status: answer.status,
      ...(answer.scimType === undefined ? {} : { scimType: answer.scimType }),
      failure,
    },
  };
}

function nameIn(body: unknown): string | null {
  if (!isJsonObject(body)) return null;
  const name = body['userName'] ?? body['displayName'];
  return typeof name === 'string' ? name.slice(0, maxNameLength) : null;
}
