/** Until when work for somebody may go on, and whether it is still wanted. */
export interface Deadline {
  /** Milliseconds that are left; at 0 or below it is over. */
  remainingMs(): number;
  /** Nobody waits for the outcome any more. What has begun is ended properly, nothing new begins. */
  isAbandoned(): boolean;
}

/** There was no time left. What it ended was rolled back. */
export class OutOfTimeError extends Error {
  constructor() {
    super('the time for this has run out');
    this.name = 'OutOfTimeError';
  }
}

/** Whoever asked went away before it began. */
export class AbandonedError extends Error {
  constructor() {
    super('whoever asked for this went away before it began');
    this.name = 'AbandonedError';
  }
}

/** @param endsAt by the clock of `performance.now()`, which no step of the system's clock moves */
export function deadlineAt(endsAt: number, isAbandoned: () => boolean = () => false): Deadline {
  return { remainingMs: () => endsAt - performance.now(), isAbandoned };
}

/** @throws OutOfTimeError, AbandonedError */
export function requireTimeToBegin(deadline: Deadline | null): void {
  if (deadline?.isAbandoned() === true) throw new AbandonedError();
  requireTime(deadline);
}

/** @throws OutOfTimeError */
export function requireTime(deadline: Deadline | null): void {
  if (deadline !== null && deadline.remainingMs() <= 0) throw new OutOfTimeError();
}

/**
 * Waits for `promise` until the deadline at most.
 *
 * @param onLate gets what comes too late
 * @throws OutOfTimeError
 */
export async function inTime<T>(
  promise: Promise<T>,
  deadline: Deadline | null,
  onLate: (value: T) => void,
): Promise<T> {
  if (deadline === null) return promise;
  let timer: NodeJS.Timeout | undefined;
  let isLate = false;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => {
        isLate = true;
        reject(new OutOfTimeError());
      },
      Math.max(0, deadline.remainingMs()),
    );
  });
  // Also when it fails: a rejection that comes too late is nobody's.
  promise.then(
    (value) => {
      if (isLate) onLate(value);
    },
    () => undefined,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
