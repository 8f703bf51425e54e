import { expect } from 'vitest';
import type { AnswerOf, Endpoint, ParametersOf } from '../../../src/contract/endpoint.ts';
import { endpoints } from '../../../src/contract/endpoints.ts';
import type { TestService } from '../../support/service.ts';

type Operations = typeof endpoints;

/** Calls a GET of the contract at a whole service, and checks that the answer is what the contract says and no more. */
export async function read<N extends keyof Operations>(
  service: TestService,
  name: N,
  { params, query = {} }: { params: ParametersOf<Operations[N]>; query?: Record<string, string> },
): Promise<AnswerOf<Operations[N]>> {
  const endpoint: Endpoint = endpoints[name];
  const named = params as Record<string, string>;
  const path = endpoint.path.replace(/\{(\w+)\}/g, (_, parameter: string) => named[parameter] ?? '');
  const answer = await service.admin('GET', `${path}?${new URLSearchParams(query).toString()}`);
  expect(answer.status, JSON.stringify(answer.body)).toBe(endpoint.status);
  expect(endpoint.answer?.parse(answer.body)).toEqual(answer.body);
  return answer.body as AnswerOf<Operations[N]>;
}
