import { printLine, printTable } from '../print.ts';
import type { Summary } from './statistics.ts';

/** Unexpected answers tend to repeat; the first of them say it all. */
const unexpectedShown = 10;

/** The summary for people: a table by kind of request, then what went wrong. */
export function printSummary(summary: Summary): void {
  const rows = summary.kinds.map(({ kind, requests, statuses, p50, p95, p99, max }) => {
    const answers = Object.entries(statuses).map(([status, count]) => `${count} x ${status}`);
    return [kind, requests, answers.join(', '), p50, p95, p99, max];
  });
  printTable(['request', 'sent', 'answers', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms'], rows, 'No request was sent.');
  const { requests, durationMs, requestsPerSecond, retries, unexpected } = summary;
  printLine(
    `${requests} requests in ${(durationMs / 1000).toFixed(1)} s (${requestsPerSecond}/s), ${retries} retries, ` +
      `${unexpected.length} unexpected answers`,
  );
  for (const problem of unexpected.slice(0, unexpectedShown)) printLine(`  ${problem}`);
  if (unexpected.length > unexpectedShown) printLine(`  and ${unexpected.length - unexpectedShown} more`);
}
