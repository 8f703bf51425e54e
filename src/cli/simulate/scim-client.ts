import { setTimeout as sleep } from 'node:timers/promises';
import type { Statistics } from './statistics.ts';

export interface ScimRequest {
  /** What the request is for, in the summary's words: "create user". */
  kind: string;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the base URL, already percent-encoded. */
  path: string;
  body?: unknown;
  /** The statuses that this identity provider takes for success. */
  expect: number[];
}

export interface ScimAnswer {
  status: number;
  /** Undefined without a body. */
  body: unknown;
}

/**
 * Sends one request, again where the service asks for patience, and rejects with `UnexpectedAnswer`. A request that
 * was repeated after its answer got lost may also answer 409: it may have been carried out the first time.
 */
export type SendScim = (request: ScimRequest) => Promise<ScimAnswer>;

/** An answer that no retry mends, and that the identity provider would report to its admin. */
export class UnexpectedAnswer extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'UnexpectedAnswer';
    this.status = status;
  }
}

export interface ScimClientOptions {
  baseUrl: string;
  token: string;
  /** What this identity provider sends with every request. */
  headers: Record<string, string>;
  /** Its content type, where a body is sent. */
  contentType: string;
  statistics: Statistics;
  /** At most so many requests per second; unlimited when left out. */
  ratePerSecond?: number;
}

/** Identity providers come back for hours; a simulation gives up after about half a minute. */
const maxAttempts = 8;
const firstPauseMs = 250;
const longestPauseMs = 10_000;
/** Okta closes the socket after a minute; nobody waits longer. */
const answerTimeoutMs = 60_000;

export function createScimClient(options: ScimClientOptions): SendScim {
  const { token, headers, statistics } = options;
  const baseUrl = options.baseUrl.replace(/\/+$/, '');
  const takeTurn = createPacer(options.ratePerSecond);

  const attempt = async ({ kind, method, path, body }: ScimRequest): Promise<RawAnswer> => {
    await takeTurn();
    const startedAt = performance.now();
    const answer = await fetchText(baseUrl + path, {
      method,
      headers: {
        ...headers,
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': options.contentType }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    statistics.record(kind, answer.status, performance.now() - startedAt);
    return answer;
  };

  return async (request) => {
    let mayBeDone = false;
    for (let attempts = 1; ; attempts++) {
      const answer = await attempt(request);
      if (request.expect.includes(answer.status) || (mayBeDone && answer.status === 409)) {
        return { status: answer.status, body: parsed(answer.text) };
      }
      const worthRetrying = answer.status === 0 || answer.status === 429 || answer.status === 503;
      if (!worthRetrying || attempts === maxAttempts) {
        throw new UnexpectedAnswer(answer.status, `${request.method} ${request.path}: ${described(answer)}`);
      }
      mayBeDone ||= answer.status !== 429;
      statistics.recordRetry();
      await sleep(pauseMs(attempts, answer.retryAfter));
    }
  };
}

interface RawAnswer {
  /** 0 where no answer came. */
  status: number;
  retryAfter: string | null;
  text: string;
}

async function fetchText(url: string, init: RequestInit): Promise<RawAnswer> {
  try {
    const response = await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.timeout(answerTimeoutMs) });
    return {
      status: response.status,
      retryAfter: response.headers.get('retry-after'),
      text: await response.text(),
    };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return { status: 0, retryAfter: null, text: cause instanceof Error ? cause.message : String(cause) };
  }
}

/** Retry-After in seconds where the service names it, else exponential; jitter keeps parallel senders apart. */
function pauseMs(attempts: number, retryAfter: string | null): number {
  const asked = Number(retryAfter) * 1000;
  const pause = asked > 0 ? asked : firstPauseMs * 2 ** (attempts - 1);
  return Math.min(pause, longestPauseMs) * (1 + Math.random() / 4);
}

/** Lets callers pass at most `ratePerSecond` times a second, evenly spaced. */
function createPacer(ratePerSecond: number | undefined): () => Promise<void> {
  if (ratePerSecond === undefined) return () => Promise.resolve();
  const spacingMs = 1000 / ratePerSecond;
  let nextTurnAt = 0;
  return async () => {
    const now = performance.now();
    nextTurnAt = Math.max(nextTurnAt + spacingMs, now);
    if (nextTurnAt > now) await sleep(nextTurnAt - now);
  };
}

function described({ status, text }: RawAnswer): string {
  if (status === 0) return `no answer (${text})`;
  const body = parsed(text);
  const detail = typeof body === 'object' && body !== null && 'detail' in body ? String(body.detail) : text;
  return `${status} ${detail.slice(0, 300)}`.trimEnd();
}

function parsed(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
