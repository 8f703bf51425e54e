import type { ErrorRequestHandler } from 'express';
import type { SyncLogAction, SyncLogResourceType } from '../../contract/sync-log.ts';
import type { Database } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { isJsonObject } from '../../scim/json.ts';
import { appendEntry } from '../../sync-log/append.ts';
import { failureOfWrite, messageOfFailedWrite } from './failed-write.ts';
import { isAuthenticated, scimRequestOf, type ScimRequest } from './scim-context.ts';
import { toScimError } from './scim-error-answer.ts';

/** What a write was about, as far as it can be told when it fails. */
export interface Attempt {
  action: SyncLogAction;
  type: SyncLogResourceType;
  id: string | null;
  body: unknown;
}

/** A name that somebody sent, cut to what a log line can carry. */
const maxNameLength = 256;

/** Errors whose FAILED entry is written. */
const recorded = new WeakSet<object>();

/**
 * Runs a SCIM write. The write itself leaves its SUCCESS or SKIPPED entry in its own transaction; when it fails it has
 * changed nothing, and the FAILED entry written here is its only trace.
 */
export async function audited<T>(
  db: Database,
  request: ScimRequest,
  attempt: Attempt,
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write();
  } catch (error) {
    await recordFailure(db, request, attempt, error);
    if (typeof error === 'object' && error !== null) recorded.add(error);
    throw error;
  }
}

const writeActions: Readonly<Record<string, SyncLogAction>> = {
  POST: 'CREATE',
  PUT: 'UPDATE',
  PATCH: 'UPDATE',
  DELETE: 'DELETE',
};

/** How the log calls a write that failed. */
export function actionOfMethod(method: string): SyncLogAction | undefined {
  return writeActions[method];
}

/**
 * The FAILED entry of a write that was refused before its operation began: a body that cannot be read, wrong
 * parameters. Reads leave no entry, and neither does a caller without a valid token: whose log would it be? A flood that
 * is held back leaves none either, or it would fill the log instead.
 */
export function auditRefused(db: Database): ErrorRequestHandler {
  return async (error: unknown, req, res, next) => {
    const action = actionOfMethod(req.method);
    const [, collection, id] = /^\/(Users|Groups)(?:\/([^/]+))?\/?$/.exec(req.path) ?? [];
    const isWrite = action !== undefined && collection !== undefined && (action === 'CREATE') === (id === undefined);
    const isRecorded = typeof error === 'object' && error !== null && recorded.has(error);
    const isHeldBack = error instanceof DomainError && error.kind === 'too-many-requests';
    if (isWrite && isAuthenticated(res) && !isRecorded && !isHeldBack) {
      const type = collection === 'Users' ? 'User' : 'Group';
      await recordFailure(db, scimRequestOf(res), { action, type, id: id ?? null, body: req.body }, error);
    }
    next(error);
  };
}

/** Writes the FAILED entry of an operation that changed nothing. Never throws. */
export async function recordFailure(
  db: Database,
  { caller, requestId, logger, metrics }: ScimRequest,
  attempt: Attempt,
  error: unknown,
): Promise<void> {
  const answer = toScimError(error, requestId);
  const failure = failureOfWrite(answer);
  try {
    await appendEntry(db, {
      organizationId: caller.organizationId,
      action: attempt.action,
      status: 'FAILED',
      resource: { type: attempt.type, id: attempt.id?.slice(0, maxNameLength) ?? null, name: nameIn(attempt.body) },
      cause: caller.cause,
      message: messageOfFailedWrite(answer.detail, failure),
      details: {
        status: answer.status,
        ...(answer.scimType === undefined ? {} : { scimType: answer.scimType }),
        failure,
      },
    });
  } catch (logError) {
    // With Postgres away there is nowhere to write it; the answer must not change because of that.
    metrics.countLogWriteFailure();
    logger.error({ err: logError }, 'the FAILED entry of a SCIM write could not be written');
  }
}

function nameIn(body: unknown): string | null {
  if (!isJsonObject(body)) return null;
  const name = body['userName'] ?? body['displayName'];
  return typeof name === 'string' ? name.slice(0, maxNameLength) : null;
}
