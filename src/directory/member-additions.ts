import pg from 'pg';
import { ConditionError, mostWaiting, OutcomeUnknownError, OverloadedError } from '../platform/database-errors.ts';
import type { Condition, Database } from '../platform/database.ts';
import { AbandonedError, OutOfTimeError, requireTimeToBegin, type Deadline } from '../platform/deadline.ts';
import { asError } from '../platform/errors.ts';
import { addMembersTogether, type MemberAddition } from './add-members-together.ts';
import { changeGroup, type GroupChangeResult } from './change-members.ts';

/** On whose behalf members are added, and what holds for the work of that request. */
export interface AdditionRequest extends Pick<MemberAddition, 'caller'> {
  /** Within `deadline`, and provided that `stands`. */
  db: Database;
  deadline: Deadline;
  stands: Condition | null;
}

/** What it came to; undefined: the group is not there. Throws as a statement on the request's own `db` does. */
type Outcome = GroupChangeResult | undefined;

interface Waiting extends AdditionRequest {
  add: readonly string[];
  settle: (outcome: Promise<Outcome>) => void;
  /** Ends the waiting when there is no time left for it. */
  timer?: NodeJS.Timeout;
}

/** More is nothing that others could wait for, and takes so long that a commit does not matter. */
const mostTogether = 500;

/**
 * Adds members to groups, the requests for one group one after the other. Those that come while one is on its way wait
 * here, without a connection each, and then go together: one statement, one transaction, one commit, as if each had come
 * after the one before it (`addMembersTogether`). So many changes of one group cost little more than one, and do not keep
 * all connections of the process waiting for one row.
 *
 * Together go those under one condition, in the time of whoever has least. Where one of them cannot be done, nothing of
 * all is, and each is done by itself, so that nobody learns of another. All this is about cost only: what holds between
 * processes, and with other changes of the group, is the lock of its row.
 */
export function memberAdditions(): (
  groupId: string,
  request: AdditionRequest,
  add: readonly string[],
) => Promise<Outcome> {
  const lines = new Map<string, Waiting[]>();

  const serve = async (key: string, groupId: string, first: Waiting): Promise<void> => {
    const line: Waiting[] = [first];
    lines.set(key, line);
    for (let batch = nextOf(line); batch.length > 0; batch = nextOf(line)) {
      await addAll(groupId, batch);
    }
    lines.delete(key);
  };

  return (groupId, request, add) =>
    new Promise((resolve) => {
      // The promise follows the one that it is resolved with, also where that is rejected.
      const waiting: Waiting = { ...pick(request), add, settle: resolve };
      const key = `${request.caller.organizationId} ${groupId}`;
      const line = lines.get(key);
      if (line === undefined) {
        void serve(key, groupId, waiting);
      } else if (line.length >= mostWaiting) {
        resolve(Promise.reject(new OverloadedError()));
      } else {
        line.push(waiting);
        waiting.timer = setTimeout(
          () => {
            line.splice(line.indexOf(waiting), 1);
            resolve(Promise.reject(new OutOfTimeError()));
          },
          Math.max(0, request.deadline.remainingMs()),
        );
      }
    });
}

function pick({ caller, db, deadline, stands }: AdditionRequest): AdditionRequest {
  return { caller, db, deadline, stands };
}

/** Takes those who go next out of the line: the first one, and who goes along with it, in the order of the line. */
function nextOf(line: Waiting[]): Waiting[] {
  const batch: Waiting[] = [];
  let users = 0;
  for (let next = line[0]; next !== undefined; next = line[0]) {
    const [first = next] = batch;
    users += next.add.length;
    if (next !== first && !(users <= mostTogether && next.stands === first.stands)) break;
    line.shift();
    clearTimeout(next.timer);
    try {
      // Its client may have gone away meanwhile.
      requireTimeToBegin(next.deadline);
      batch.push(next);
    } catch (error) {
      users -= next.add.length;
      next.settle(Promise.reject(ownError(error)));
    }
  }
  return batch;
}

function leastTime(batch: readonly Waiting[]): Waiting | undefined {
  return batch.toSorted((one, other) => one.deadline.remainingMs() - other.deadline.remainingMs())[0];
}

/** Never throws: whatever happens is the outcome of those who asked. */
async function addAll(groupId: string, batch: readonly Waiting[]): Promise<void> {
  const hasty = leastTime(batch);
  if (hasty === undefined) return;
  if (batch.length === 1) return addAlone(groupId, hasty);
  try {
    const results = await addMembersTogether(hasty.db, hasty.caller.organizationId, groupId, batch);
    for (const [index, { settle }] of batch.entries()) settle(Promise.resolve(results[index]));
  } catch (error) {
    if (isOfOne(error)) {
      await Promise.all(batch.map((one) => addAlone(groupId, one)));
    } else {
      for (const { settle } of batch) settle(Promise.reject(ownError(error)));
    }
  }
}

async function addAlone(groupId: string, { db, caller, add, settle }: Waiting): Promise<void> {
  const outcome = changeGroup(db, caller, groupId, {
    attributesChanged: [],
    members: { base: 'keep', add, remove: [] },
  });
  settle(outcome);
  await outcome.catch(() => undefined);
}

/**
 * Whether the failure may be about one of them, and nothing was done: what it sent (classes 22 and 23: a member that is
 * not there), or the time (57014) or the client of the one that had least of it.
 */
function isOfOne(error: unknown): boolean {
  if (error instanceof OutOfTimeError || error instanceof AbandonedError) return true;
  return error instanceof pg.DatabaseError && /^2[23]|^57014/.test(error.code ?? '');
}

/** What each can do about these depends on its own request, so each has one to itself. */
function ownError(error: unknown): Error {
  if (error instanceof OutcomeUnknownError) return new OutcomeUnknownError(error.cause);
  if (error instanceof ConditionError) return new ConditionError();
  return asError(error);
}
