import { onlineManager } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';

/** How often an absent service is asked whether it is back. */
const askAgainMs = 2_000;

let asking: ReturnType<typeof setTimeout> | undefined;

/**
 * Says that no answer came. Reads wait from now on (TanStack Query's own pause), and go on by themselves as soon as the
 * service answers again.
 */
export function noteUnreachable(): void {
  onlineManager.setOnline(false);
}

/** To be called once: while the service is away, asks for it until it is back. */
export function watchReachability(): void {
  onlineManager.subscribe((isOnline) => {
    if (isOnline) clearTimeout(asking);
    else askUntilBack();
  });
}

/** Whether the service answered last. */
export function useIsReachable(): boolean {
  return useSyncExternalStore(
    (onChange) => onlineManager.subscribe(onChange),
    () => onlineManager.isOnline(),
  );
}

function askUntilBack(): void {
  clearTimeout(asking);
  asking = setTimeout(() => {
    void fetch('/readyz', { cache: 'no-store' })
      .then((response) => response.ok)
      .catch(() => false)
      .then((isBack) => {
        if (isBack) onlineManager.setOnline(true);
        else askUntilBack();
      });
  }, askAgainMs);
}
