import type { z } from 'zod';

/** The names in braces of a path: `ParameterNames<'/organizations/{organizationId}'>` is `'organizationId'`. */
type ParameterNames<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParameterNames<Rest>
  : never;

type PathParameters<Path extends string> = Record<ParameterNames<Path>, string>;

/**
 * One operation of the admin API as data: the router parses by it, the OpenAPI document is generated from it, clients
 * take their types from it.
 */
export interface Endpoint<
  Path extends string = string,
  Query extends z.ZodObject = z.ZodObject,
  Request extends z.ZodType | null = z.ZodType | null,
  Answer extends z.ZodType | null = z.ZodType | null,
> {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Below `/api/v1`, parameters in braces. */
  readonly path: Path;
  /** Unique; names the operation in generated clients. */
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** Answers without a credential; everything else needs one. */
  readonly open?: true;
  readonly query: Query;
  /** Null: no body is read. */
  readonly request: Request;
  /** Of success. */
  readonly status: 200 | 201 | 202 | 204;
  /** Null: no JSON body (204, or a stream of one of the `streams`). */
  readonly answer: Answer;
  /** Media types of a streamed answer. */
  readonly streams?: readonly string[];
  /** Refusals that this operation can answer beside 400, 401 and 404, and when. */
  readonly refusals?: Readonly<Record<number, string>>;
}

/** Keeps the literal types of one endpoint. */
export function defineEndpoint<
  const Path extends string,
  Query extends z.ZodObject,
  Request extends z.ZodType | null,
  Answer extends z.ZodType | null,
>(endpoint: Endpoint<Path, Query, Request, Answer>): Endpoint<Path, Query, Request, Answer> {
  return endpoint;
}

/** What a client sends as body. */
export type RequestOf<E extends Endpoint> = E['request'] extends z.ZodType ? z.input<E['request']> : undefined;
/** What a client may ask for in the query string. */
export type QueryOf<E extends Endpoint> = z.input<E['query']>;
/** What the service answers. */
export type AnswerOf<E extends Endpoint> = E['answer'] extends z.ZodType ? z.output<E['answer']> : undefined;
/** What fills the braces of the path. */
export type ParametersOf<E extends Endpoint> = PathParameters<E['path']>;
