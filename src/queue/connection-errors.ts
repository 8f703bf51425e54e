import type { Logger } from 'pino';

/** The same complaint of the same part is repeated in the log at most so often. */
const repeatMs = 10_000;

/**
 * A listener for `'error'` events of connections, queues and workers: without one they would end the process. While a
 * server is away each reconnect fails anew, so repetitions are held back.
 */
export function connectionErrorLogger(logger: Logger, part: string): (error: Error) => void {
  let last: { message: string; at: number } | undefined;
  return (error) => {
    const now = Date.now();
    if (last?.message === error.message && now - last.at < repeatMs) return;
    last = { message: error.message, at: now };
    logger.warn({ part, err: { message: error.message, code: codeOf(error) } }, 'queue connection error');
  };
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
