import type { Response } from 'express';
import type { SyncLogAction } from '../../contract/sync-log.ts';
import type { Database } from '../../platform/database.ts';
import { isJsonObject } from '../../scim/json.ts';
import { appendEntry } from '../../sync-log/append.ts';
import { contextOf } from '../request-context.ts';
import { callerOf } from './scim-context.ts';
import { toScimError } from './scim-error-answer.ts';

/** What a write was about, as far as it can be told when it fails. */
interface Attempt {
  action: SyncLogAction;
  type: 'User' | 'Group';
  id: string | null;
  body: unknown;
}

/** A name that somebody sent, cut to what a log line can carry. */
const maxNameLength = 256;

/**
 * Runs a SCIM write. The write itself leaves its SUCCESS or SKIPPED entry in its own transaction; when it fails it has
 * changed nothing, and the FAILED entry written here is its only trace.
 */
export async function audited<T>(db: Database, res: Response, attempt: Attempt, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const { organizationId, cause } = callerOf(res);
    const { requestId, logger } = contextOf(res);
    const answer = toScimError(error, requestId);
    try {
      await appendEntry(db, {
        organizationId,
        action: attempt.action,
        status: 'FAILED',
        resource: { type: attempt.type, id: attempt.id?.slice(0, maxNameLength) ?? null, name: nameIn(attempt.body) },
        cause,
        message: answer.detail,
        details: { status: answer.status, ...(answer.scimType === undefined ? {} : { scimType: answer.scimType }) },
      });
    } catch (logError) {
      // With Postgres away there is nowhere to write it; the answer must not change because of that.
      logger.error({ err: logError }, 'the FAILED entry of a SCIM write could not be written');
    }
    throw error;
  }
}

function nameIn(body: unknown): string | null {
  if (!isJsonObject(body)) return null;
  const name = body['userName'] ?? body['displayName'];
  // NUL cannot be stored; such a name is refused anyway.
  return typeof name === 'string' ? name.slice(0, maxNameLength).replaceAll('\0', '') : null;
}
