import type { ServerResponse } from 'node:http';
import type { RequestHandler, Response } from 'express';
import { deadlineAt, OutOfTimeError, type Deadline } from '../platform/deadline.ts';

/**
 * Any request is answered within ten seconds of its arrival; a download has begun by then. Identity providers wait thirty
 * and more, but what is not done after ten is in trouble, and a client that gives up first repeats what is still running.
 */
const answeredWithinMs = 10_000;

/** Reading the body and the work of the request. What is committed is committed by then, or not at all. */
const workMs = answeredWithinMs - 1_500;

/** The entry of a write that did not get done, which comes after the work; and what is left is for the answer. */
const lastWordsMs = answeredWithinMs - 700;

/** The two deadlines of one request. */
export interface RequestDeadlines {
  /** Of everything that a request does. It is abandoned when its client goes away. */
  work: Deadline;
  /** Of the log entry about it: whether the client still waits makes no difference to that. */
  lastWords: Deadline;
}

/** @param res its client is gone when it closes before it was finished */
export function requestDeadlines(res: ServerResponse, arrivedAt: number): RequestDeadlines {
  const isAbandoned = (): boolean => res.closed && !res.writableFinished;
  return { work: deadlineAt(arrivedAt + workMs, isAbandoned), lastWords: deadlineAt(arrivedAt + lastWordsMs) };
}

/**
 * Lets `handler` go on only until the deadline, which ends what no other limit reaches: a body that does not arrive, a
 * name server that does not answer.
 *
 * @param onLate what is answered then; the connection is closed, because half a body may still be on its way
 */
export function inTimeOrElse(
  deadlineOf: (res: Response) => Deadline,
  handler: RequestHandler,
  onLate: () => Error = () => new OutOfTimeError(),
): RequestHandler {
  return (req, res, next) =>
    endInTime({ res, deadline: deadlineOf(res), run: (done) => handler(req, res, done), onLate, next });
}

/** The same for any work that says by a callback that it is done. */
export function endInTime<T>(work: {
  res: ServerResponse;
  deadline: Deadline;
  run: (done: (error?: unknown) => void) => T;
  onLate: () => Error;
  /** Called once. */
  next: (error?: unknown) => void;
}): T {
  const { res, deadline, run, onLate, next } = work;
  let isOver = false;
  const end = (error?: unknown): void => {
    clearTimeout(timer);
    if (isOver) return;
    isOver = true;
    next(error);
  };
  const timer = setTimeout(
    () => {
      if (!isOver && !res.headersSent) res.setHeader('Connection', 'close');
      end(onLate());
    },
    Math.max(0, deadline.remainingMs()),
  );
  return run(end);
}
