import type { AnswerOf, Endpoint, ParametersOf, QueryOf, RequestOf } from '../contract/endpoint.ts';
import { problem, type Problem } from '../contract/problem.ts';
import { StartupError } from '../platform/startup-error.ts';

/** Refusals that the same request passes when it is confirmed. */
const confirmable = new Set(['confirmation-required', 'scim-is-active', 'last-admin']);

/** The service refused a request; the message is what it says to do. */
export class RefusedError extends Error {
  readonly problem: Problem;

  constructor(refusal: Problem) {
    // The service puts much of this into the detail already.
    const { detail, nextStep = '', errors = [] } = refusal;
    const more = [...errors.map(({ field, message }) => `${field} ${message}.`), nextStep];
    const remedy = confirmable.has(refusal.code) ? ['On the command line: --confirm.'] : [];
    super([detail, ...more.filter((part) => !detail.includes(part.replace(/\.$/, ''))), ...remedy].join(' '));
    this.name = 'RefusedError';
    this.problem = refusal;
  }
}

/** What one call needs beside the endpoint; `body` where the endpoint reads one. */
export type Call<E extends Endpoint> = {
  parameters: ParametersOf<E>;
  query?: QueryOf<E>;
} & (RequestOf<E> extends undefined ? { body?: undefined } : { body: RequestOf<E> });

type ItemOf<E extends Endpoint> = AnswerOf<E> extends { items: (infer Item)[] } ? Item : never;

/** A typed client of the admin API: what it takes and gives follows from the contract. */
export interface RestClient {
  readonly url: string;
  /** @throws RefusedError, or StartupError when there is no Rollcall at the URL */
  call<E extends Endpoint>(endpoint: E, call: Call<E>): Promise<AnswerOf<E>>;
  /** Every item of a list, page by page as they are taken. */
  items<E extends Endpoint>(endpoint: E, call: Call<E>): AsyncGenerator<ItemOf<E>>;
  /** All items of a list. */
  all<E extends Endpoint>(endpoint: E, call: Call<E>): Promise<ItemOf<E>[]>;
  /** The bytes of an endpoint that streams. */
  stream<E extends Endpoint>(endpoint: E, call: Call<E>): Promise<AsyncIterable<Uint8Array>>;
}

/** A single answer is quick; a stream may take as long as it likes once it has begun. */
const answerWithinMs = 30_000;

export function createRestClient(options: { url: string; adminKey: string }): RestClient {
  const { url, adminKey } = options;

  const send = async (
    endpoint: Endpoint,
    call: { parameters: Record<string, string>; query?: object; body?: unknown },
  ): Promise<Response> => {
    const target = `${url}/api/v1${pathOf(endpoint, call.parameters)}${queryString(call.query ?? {})}`;
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), answerWithinMs);
    let response: Response;
    try {
      response = await fetch(target, {
        method: endpoint.method.toUpperCase(),
        headers: {
          authorization: `Bearer ${adminKey}`,
          ...(call.body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
        signal: timeout.signal,
      });
    } catch (error) {
      throw unreachable(url, error);
    } finally {
      clearTimeout(timer);
    }
    if (!response.ok) throw await refusal(url, response);
    return response;
  };

  const items = async function* <E extends Endpoint>(endpoint: E, call: Call<E>): AsyncGenerator<ItemOf<E>> {
    let cursor: string | null = null;
    do {
      const query: object = { ...call.query, ...(cursor !== null && { cursor }) };
      const response = await send(endpoint, { ...call, query });
      const page = (await response.json()) as { items: ItemOf<E>[]; nextCursor: string | null };
      yield* page.items;
      cursor = page.nextCursor;
    } while (cursor !== null);
  };

  return {
    url,
    items,
    all: async (endpoint, call) => {
      const found = [];
      for await (const item of items(endpoint, call)) found.push(item);
      return found;
    },
    call: async <E extends Endpoint>(endpoint: E, call: Call<E>) => {
      const response = await send(endpoint, call);
      if (response.status === 204) return undefined as AnswerOf<E>;
      return (await response.json()) as AnswerOf<E>;
    },
    stream: async (endpoint, call) => {
      const { body } = await send(endpoint, call);
      if (body === null) throw new StartupError(`Rollcall at ${url} answered without a body.`);
      return body;
    },
  };
}

function pathOf(endpoint: Endpoint, parameters: Record<string, string>): string {
  return endpoint.path.replace(/\{(\w+)\}/g, (_braces, name: string) => encodeURIComponent(parameters[name] ?? ''));
}

function queryString(query: object): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const text = new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)])).toString();
  return text === '' ? '' : `?${text}`;
}

async function refusal(url: string, response: Response): Promise<Error> {
  const parsed = problem.safeParse(await response.json().catch(() => undefined));
  if (parsed.success) return new RefusedError(parsed.data);
  return new StartupError(`${url} answered ${response.status}, not as Rollcall does: check --url.`);
}

function unreachable(url: string, error: unknown): StartupError {
  const { cause, name } = error as Error & { cause?: NodeJS.ErrnoException };
  const reason = name === 'AbortError' ? 'no answer in time' : (cause?.code ?? cause?.message ?? String(error));
  return new StartupError(`There is no Rollcall at ${url} (${reason}): start it with \`npm start\`, or set --url.`);
}
