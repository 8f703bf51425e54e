/** What was sent and answered, for the summary. */
export interface Statistics {
  record(kind: string, status: number, durationMs: number): void;
  recordRetry(): void;
  recordUnexpected(problem: string): void;
  summary(): Summary;
}

export interface Summary {
  requests: number;
  retries: number;
  durationMs: number;
  requestsPerSecond: number;
  /** One line for each kind of request, in the order in which the kinds were first sent. */
  kinds: KindSummary[];
  /** Answers that the identity provider would report to its admin. */
  unexpected: string[];
}

interface KindSummary {
  kind: string;
  requests: number;
  statuses: Record<string, number>;
  /** Latency percentiles in milliseconds. */
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

export function createStatistics(now: () => number = () => performance.now()): Statistics {
  const startedAt = now();
  const kinds = new Map<string, { statuses: Map<string, number>; durations: number[] }>();
  const unexpected: string[] = [];
  let retries = 0;

  return {
    record(kind, status, durationMs) {
      let line = kinds.get(kind);
      if (line === undefined) kinds.set(kind, (line = { statuses: new Map(), durations: [] }));
      const label = status === 0 ? 'no answer' : String(status);
      line.statuses.set(label, (line.statuses.get(label) ?? 0) + 1);
      line.durations.push(durationMs);
    },
    recordRetry() {
      retries += 1;
    },
    recordUnexpected(problem) {
      unexpected.push(problem);
    },
    summary() {
      const durationMs = now() - startedAt;
      const lines = [...kinds].map(([kind, { statuses, durations }]) => kindSummary(kind, statuses, durations));
      const requests = lines.reduce((total, line) => total + line.requests, 0);
      return {
        requests,
        retries,
        durationMs: Math.round(durationMs),
        requestsPerSecond: durationMs === 0 ? 0 : tenths((requests * 1000) / durationMs),
        kinds: lines,
        unexpected,
      };
    },
  };
}

function kindSummary(kind: string, statuses: Map<string, number>, durations: number[]): KindSummary {
  const sorted = [...durations].sort((a, b) => a - b);
  // Nearest rank: the smallest latency that so many percent of the requests did not exceed.
  const percentile = (percent: number): number =>
    tenths(sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? 0);
  return {
    kind,
    requests: sorted.length,
    statuses: Object.fromEntries([...statuses].sort(([a], [b]) => a.localeCompare(b))),
    p50: percentile(50),
    p95: percentile(95),
    p99: percentile(99),
    max: percentile(100),
  };
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
