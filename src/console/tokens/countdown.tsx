import { useNow } from '../shared/use-now.ts';

/** How long it is until then, by the second. @param until ISO 8601 */
export function Countdown({ until }: { until: string }) {
  const seconds = Math.max(0, Math.ceil((Date.parse(until) - useNow(1_000)) / 1_000));
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  // Read out once, not every second.
  return (
    <span role="timer" aria-live="off">
      {seconds === 0 ? 'over' : `${parts.map((part) => String(part).padStart(2, '0')).join(':')} left`}
    </span>
  );
}
