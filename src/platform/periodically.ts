/**
 * Runs `work` again and again, `intervalMs` after the run before has ended, so that runs never overlap; the first one
 * after `firstAfterMs`. A failing run is reported and the next one comes all the same.
 *
 * @returns stops it; resolves when a run in progress has ended
 */
export function periodically(
  intervalMs: number,
  work: () => Promise<unknown>,
  onError: (error: unknown) => void,
  firstAfterMs = intervalMs,
): () => Promise<void> {
  let stopped = false;
  let running: Promise<unknown> = Promise.resolve();
  let timer: NodeJS.Timeout;
  const schedule = (afterMs: number): void => {
    timer = setTimeout(() => {
      running = work()
        .catch(onError)
        .then(() => {
          if (!stopped) schedule(intervalMs);
        });
    }, afterMs).unref();
  };
  schedule(firstAfterMs);
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await running;
  };
}
