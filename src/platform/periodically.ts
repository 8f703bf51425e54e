/**
 * Runs `work` again and again, `intervalMs` after the run before has ended, so that runs never overlap; the first one
 * after the first interval. A failing run is reported and the next one comes all the same.
 *
 * @returns stops it; resolves when a run in progress has ended
 */
export function periodically(
  intervalMs: number,
  work: () => Promise<unknown>,
  onError: (error: unknown) => void,
): () => Promise<void> {
  let stopped = false;
  let running: Promise<unknown> = Promise.resolve();
  let timer: NodeJS.Timeout;
  const schedule = (): void => {
    timer = setTimeout(() => {
      running = work()
        .catch(onError)
        .then(() => {
          if (!stopped) schedule();
        });
    }, intervalMs).unref();
  };
  schedule();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await running;
  };
}
