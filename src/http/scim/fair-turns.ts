import { DomainError } from '../../platform/errors.ts';
import type { FairShares, Turn } from '../../rate-limit/fair-shares.ts';
import { requestOf, type Exchange } from './exchange.ts';

/** Whoever has waited for so long has three and a half seconds left for the work itself (see request-deadline.ts). */
const patienceMs = 5_000;

/**
 * Waits until the organization of a request has a place for it. To be asked behind authentication, or anybody could take
 * another organization's places; behind the limit of requests, or a flood beyond it would stand in the queue; and before
 * the body is read, so that who waits costs no memory but a connection's.
 *
 * @returns true: it goes on at once; else whether it goes on, or its client went away, so that nothing is to be begun
 * @throws DomainError `too-many-requests`: too many wait, or it would have been too long
 */
export function takeTurn(shares: FairShares, exchange: Exchange): true | Promise<boolean> {
  const request = requestOf(exchange);
  const { organizationId } = request.caller;
  const give = (turn: Turn | undefined): void => {
    if (turn === undefined) throw heldBack();
    exchange.turn = turn;
    // However the request ends, also without an answer; and its client may be gone already.
    if (exchange.res.closed) shares.giveBack(turn);
    else exchange.context.whenOver = () => shares.giveBack(turn);
  };
  const place = shares.begin(organizationId);
  if (place !== undefined) {
    give(place);
    return true;
  }
  return new Promise((resolve, reject) => {
    give(
      shares.wait(organizationId, Math.min(patienceMs, request.deadline.remainingMs()), (end) => {
        request.hasWaited = true;
        if (end === 'late') reject(heldBack());
        else resolve(end === 'begins');
      }),
    );
  });
}

/** The place that `takeTurn` gave to this request. */
export function turnOf({ turn }: Exchange): Turn {
  if (turn === null) throw new Error('this comes before its turn');
  return turn;
}

function heldBack(): DomainError {
  return new DomainError(
    'too-many-requests',
    'too-many-requests',
    'This organization has many requests under way, and others are to have their share. Wait 1 s, as Retry-After says, and send the request again; nothing was changed.',
    { retryAfterSeconds: 1 },
  );
}
