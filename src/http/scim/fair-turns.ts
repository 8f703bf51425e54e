import type { RequestHandler, Response } from 'express';
import { DomainError } from '../../platform/errors.ts';
import type { FairShares, Turn } from '../../rate-limit/fair-shares.ts';
import { contextOf } from '../request-context.ts';
import { scimRequestOf } from './scim-context.ts';

/** Whoever has waited for so long has three seconds left for the work itself (see request-deadline.ts). */
const patienceMs = 5_000;

/**
 * Lets a request go on when its organization has a place for it. To be put behind authentication, or anybody could take
 * another organization's places; behind the limit of requests, or a flood beyond it would stand in the queue; and before
 * the body is read, so that who waits costs no memory but a connection's.
 */
export function fairTurns(shares: FairShares): RequestHandler {
  return (_req, res, next) => {
    const request = scimRequestOf(res);
    const { organizationId } = request.caller;
    const turn =
      shares.begin(organizationId) ??
      shares.wait(organizationId, Math.min(patienceMs, request.deadline.remainingMs()), (end) => {
        request.hasWaited = true;
        if (end === 'begins') next();
        else if (end === 'late') next(heldBack());
        // Whoever went away gets no answer: nothing was begun.
      });
    if (turn === undefined) throw heldBack();
    res.locals['turn'] = turn;
    // However the request ends, also without an answer.
    contextOf(res).whenOver = () => shares.giveBack(turn);
    if (turn.state === 'works') next();
  };
}

/** The place that `fairTurns` gave to this request. */
export function turnOf(res: Response): Turn {
  return res.locals['turn'] as Turn;
}

function heldBack(): DomainError {
  return new DomainError(
    'too-many-requests',
    'too-many-requests',
    'This organization has many requests under way, and others are to have their share. Wait 1 s, as Retry-After says, and send the request again; nothing was changed.',
    { retryAfterSeconds: 1 },
  );
}
