import { setTimeout as sleep } from 'node:timers/promises';
import { startStopwatch } from '../../support/stopwatch.ts';

/** What became of one attempt at a request. */
export interface Exchange {
  requestId: string;
  organizationId: string;
  /** For people: `PATCH user active`. */
  what: string;
  method: string;
  /** `scim` and `admin` writes leave an entry; `read` does not. */
  kind: 'scim' | 'admin' | 'read';
  /** `lost`: sent, and no whole answer came. `refused`: never sent, nobody listens. */
  status: number | 'lost' | 'refused';
  /** Milliseconds since the epoch. */
  startedAt: number;
  answeredAt: number;
  /** Without the time for which this process stood still. */
  durationMs: number;
  retryAfter: string | null;
  body: Record<string, unknown>;
}

/** A request that takes longer is given up by the client, as identity providers do. The service answers within 10 s. */
const clientTimeoutMs = 20_000;

export async function exchange(options: {
  url: string;
  token: string;
  requestId: string;
  organizationId: string;
  what: string;
  kind: Exchange['kind'];
  method: string;
  body: unknown;
}): Promise<Exchange> {
  const { url, token, body, ...told } = options;
  const startedAt = Date.now();
  const stopwatch = startStopwatch();
  const done = (status: Exchange['status'], retryAfter: string | null, answer: Record<string, unknown>): Exchange => {
    const durationMs = Math.round(stopwatch.ms());
    return { ...told, status, startedAt, answeredAt: Date.now(), durationMs, retryAfter, body: answer };
  };
  try {
    const response = await fetch(url, {
      method: options.method,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': options.kind === 'scim' ? 'application/scim+json' : 'application/json',
        'x-request-id': options.requestId,
      },
      signal: AbortSignal.timeout(clientTimeoutMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const answer = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
    return done(response.status, response.headers.get('retry-after'), answer);
  } catch (error) {
    if (!isRefused(error)) return done('lost', null, { error: String((error as Error).cause ?? error) });
    await sleep(20); // it is starting again
    return done('refused', null, {});
  } finally {
    stopwatch.stop();
  }
}

function isRefused(error: unknown): boolean {
  return (error as { cause?: { code?: string } }).cause?.code === 'ECONNREFUSED';
}
