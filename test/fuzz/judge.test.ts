import { expect, test } from 'vitest';
import type { WireAnswer } from './exchange.ts';
import { faultsOf } from './judge.ts';
import type { WireRequest } from './mutate-request.ts';

const error = (status: string) =>
  JSON.stringify({ schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status, detail: 'x' });
const scim = { 'content-type': 'application/scim+json; charset=utf-8' };

// A judge that finds everything well would make the fuzz run worthless.
test.each<[string, string, WireAnswer, number]>([
  ['a user', 'GET /Users/1', { status: 200, headers: scim, text: '{}' }, 0],
  ['no content', 'DELETE /Users/1', { status: 204, headers: {}, text: '' }, 0],
  ['an error', 'GET /Users/1', { status: 404, headers: scim, text: error('404') }, 0],
  ['501 for /Me', 'GET /Me', { status: 501, headers: scim, text: error('501') }, 0],
  ['501 elsewhere', 'GET /Users', { status: 501, headers: scim, text: error('501') }, 1],
  ['a server error', 'GET /Users', { status: 500, headers: scim, text: error('500') }, 1],
  ['an error page', 'GET /Users', { status: 404, headers: { 'content-type': 'text/html' }, text: '<pre>' }, 2],
  ['another status in the body', 'GET /Users', { status: 404, headers: scim, text: error('400') }, 1],
  ['an error without a schema', 'GET /Users', { status: 404, headers: scim, text: '{"status":"404","detail":"x"}' }, 1],
  ['no answer to the challenge', 'GET /Users', { status: 401, headers: scim, text: error('401') }, 1],
  ['a resource of somebody else', 'GET /Users', { status: 200, headers: scim, text: '{"title":"secret"}' }, 1],
  ['a stack trace', 'GET /Users', { status: 200, headers: scim, text: '{"x":"at run (/app/src/x.ts:12:3)"}' }, 1],
  ['204 with a body', 'DELETE /Users/1', { status: 204, headers: {}, text: 'x' }, 1],
])('%s', (_what, request, answer, faults) => {
  const [method = '', path = ''] = request.split(' ');
  const sent: WireRequest = { method, path, headers: {}, toForeign: false };
  expect(faultsOf(sent, answer, 'secret')).toHaveLength(faults);
});
