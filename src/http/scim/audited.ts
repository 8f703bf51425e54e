import type { SyncLogAction } from '../../contract/sync-log.ts';
import { ConditionError, isTemporary, OutcomeUnknownError } from '../../platform/database-errors.ts';
import { DomainError } from '../../platform/errors.ts';
import { ScimError } from '../../scim/scim-error.ts';
import type { Exchange } from './exchange.ts';
import { recordFailure, type Attempt } from './record-failure.ts';
import type { ScimRequest } from './scim-request.ts';

/** Errors whose FAILED entry is written, or must not be. */
const recorded = new WeakSet<object>();

/**
 * Runs a SCIM write. The write itself leaves its SUCCESS or SKIPPED entry in its own transaction; when it fails it has
 * changed nothing, and the FAILED entry written here is its only trace.
 *
 * Where the connection was lost at the commit, nobody knows whether it failed. Both entries have the id that was made
 * for the request, so the index decides: either the FAILED one gets in, and the transaction cannot commit any more, or
 * the other one is there, and then the write is done and is answered like one.
 *
 * @param committed what the write would have answered, read anew by the id of the resource
 */
export async function audited<T>(
  request: ScimRequest,
  attempt: Attempt,
  write: () => Promise<T>,
  committed: (id: string) => Promise<T>,
): Promise<T> {
  try {
    return await write();
  } catch (error) {
    // Who calls is looked up anew, and the write begins anew: nothing has failed yet.
    if (error instanceof ConditionError) throw error;
    // Whether the write was let through is unknown too, then; the entry is written only where the token is good.
    if (!(error instanceof OutcomeUnknownError)) await requireCaller(request, error);
    const outcome = await recordFailure(request, { ...attempt, error });
    if (outcome.kind === 'committed') return await answerCommitted(request, error, () => committed(outcome.resourceId));
    throw leaveUnrecorded(outcome.kind === 'later' && error instanceof OutcomeUnknownError ? notKnown() : error);
  }
}

async function answerCommitted<T>({ logger }: ScimRequest, error: unknown, read: () => Promise<T>): Promise<T> {
  logger.warn({ err: error }, 'a commit was not acknowledged, but happened');
  try {
    return await read();
  } catch (readError) {
    logger.warn({ err: readError }, 'what was committed could not be read again');
    throw leaveUnrecorded(
      new ScimError(
        503,
        undefined,
        'The change was made, but the resource cannot be read just now. Read it again before anything is repeated.',
      ),
    );
  }
}

function notKnown(): ScimError {
  return new ScimError(
    503,
    undefined,
    'The connection to the database was lost at the end, and whether the change was made is not known yet. Read the resource again before anything is repeated.',
  );
}

/**
 * Before a request is refused, for whatever reason: who may not even call is told nothing else, and leaves nothing in the
 * log. Who was looked up for this request is known. A 503 tells nothing, and would only wait for the same database again.
 *
 * @throws DomainError as authentication does; ConditionError when it has to begin anew; what kept the token from being
 *   looked up, which is a 503
 */
export async function requireCaller(request: ScimRequest, error: unknown): Promise<void> {
  if (request.stands === null || isTemporary(error)) return;
  try {
    await request.confirm();
  } catch (refusal) {
    throw refusal instanceof DomainError ? leaveUnrecorded(refusal) : refusal;
  }
}

/** Keeps `auditRefused` from writing an entry about `error`: there is one, or must be none. @returns it */
export function leaveUnrecorded(error: unknown): unknown {
  if (typeof error === 'object' && error !== null) recorded.add(error);
  return error;
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
export async function auditRefused({ req, res, path, body, request }: Exchange, error: unknown): Promise<void> {
  const action = actionOfMethod(req.method ?? '');
  const [, collection, id] = /^\/(Users|Groups)(?:\/([^/]+))?\/?$/.exec(path) ?? [];
  const isWrite = action !== undefined && collection !== undefined && (action === 'CREATE') === (id === undefined);
  const isRecorded = typeof error === 'object' && error !== null && recorded.has(error);
  const isHeldBack = error instanceof DomainError && error.kind === 'too-many-requests';
  // Once an answer is on its way the write is done and has its entry.
  if (!isWrite || request === null || isRecorded || isHeldBack || res.headersSent) return;
  const type = collection === 'Users' ? 'User' : 'Group';
  await recordFailure(request, { action, type, id: id ?? null, body, error });
}
