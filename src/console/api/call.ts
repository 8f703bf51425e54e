import type { AnswerOf, Endpoint, ParametersOf, QueryOf, RequestOf } from '../../contract/endpoint.ts';
import { problem } from '../../contract/problem.ts';
import { ProblemError, UnreachableError } from './problem-error.ts';

/** What one call needs; parts that the endpoint does not have are left out. */
export type CallInput<E extends Endpoint> = {
  query?: QueryOf<E>;
  signal?: AbortSignal;
} & (keyof ParametersOf<E> extends never ? { params?: Record<string, never> } : { params: ParametersOf<E> }) &
  (RequestOf<E> extends undefined ? { body?: undefined } : { body: RequestOf<E> });

/** A proxy in front of a service that is away answers with one of these, and without a problem document. */
const statusesOfAbsence = new Set([502, 503, 504]);

/**
 * One request to the admin API, as the contract describes it, with the session cookie.
 *
 * @throws ProblemError with the service's own words when it refuses
 * @throws UnreachableError when no answer of the service came
 */
export async function call<E extends Endpoint>(endpoint: E, input: CallInput<E>): Promise<AnswerOf<E>> {
  const { method } = endpoint;
  const { body, signal } = input;
  const response = await fetch(addressOf(endpoint, input), {
    method: method.toUpperCase(),
    credentials: 'same-origin',
    headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  }).catch((error: unknown) => {
    // Whoever cancelled knows.
    if (signal?.aborted === true) throw error;
    throw new UnreachableError({ cause: error });
  });
  if (!response.ok) throw await refusalOf(response);
  if (endpoint.answer === null) return undefined as AnswerOf<E>;
  const answer = endpoint.answer.safeParse(await jsonOf(response));
  if (answer.success) return answer.data as AnswerOf<E>;
  throw new Error('Rollcall was updated while this page was open. Reload the page.', { cause: answer.error });
}

/** The address of an endpoint with its parameters and query, for links and downloads too. */
export function addressOf<E extends Endpoint>(
  endpoint: E,
  { params = {}, query }: { params?: Record<string, string>; query?: QueryOf<E> },
): string {
  const path = endpoint.path.replace(/\{(\w+)\}/g, (_braces, name: string) => encodeURIComponent(params[name] ?? ''));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries((query ?? {}) as Record<string, string | number | boolean | undefined>)) {
    if (value !== undefined) search.set(name, String(value));
  }
  return `/api/v1${path}${search.size === 0 ? '' : `?${search}`}`;
}

async function refusalOf(response: Response): Promise<Error> {
  const parsed = problem.safeParse(await jsonOf(response).catch(() => undefined));
  if (parsed.success) return new ProblemError(parsed.data);
  if (statusesOfAbsence.has(response.status)) return new UnreachableError();
  return new Error(`The answer was ${response.status} ${response.statusText}, without a reason.`);
}

/** @throws UnreachableError when the connection broke in the middle of the answer */
async function jsonOf(response: Response): Promise<unknown> {
  const text = await response.text().catch((error: unknown) => {
    throw new UnreachableError({ cause: error });
  });
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
