import { expect, test } from 'vitest';
import { brokenStandingRules, errorUrn, listResponseUrn } from './standing-rules.ts';

const scim = { 'content-type': 'application/scim+json; charset=utf-8' };

function answer(
  status: number,
  body: unknown,
  headers: Record<string, string> = scim,
): Parameters<typeof brokenStandingRules>[0] {
  return { status, headers, body, text: body === undefined ? '' : JSON.stringify(body) };
}

test.each([
  ['a resource', answer(200, { id: '1' }), ''],
  ['plain JSON that was asked for', answer(200, {}, { 'content-type': 'application/json' }), 'application/json'],
  ['a 204 without a body', answer(204, undefined, {}), ''],
  ['an error', answer(404, { schemas: [errorUrn], status: '404' }), ''],
  ['a 201', answer(201, { id: '1', meta: { location: 'l' } }, { ...scim, location: 'l' }), ''],
  ['a list', answer(200, { schemas: [listResponseUrn], totalResults: 0, Resources: [] }), ''],
  ['a schema that describes passwords', answer(200, { attributes: [{ name: 'password' }] }), ''],
])('%s keeps every rule', (_, given, accept) => {
  expect(brokenStandingRules(given, accept)).toEqual([]);
});

test.each([
  ['plain JSON', answer(200, {}, { 'content-type': 'application/json' }), 'rule 1: the body comes as application/json'],
  ['a body that is no JSON', { ...answer(200, undefined), text: '<p>' }, 'rule 1: the body is not JSON'],
  ['an error without its schema', answer(400, { status: '400' }), 'rule 2: a 400 without the Error schema'],
  ['an error status as a number', answer(400, { schemas: [errorUrn], status: 400 }), 'rule 2: status is 400 in a 400'],
  ['a 201 without Location', answer(201, { id: '1' }), 'rule 3: a 201 without Location'],
  [
    'another Location than meta.location',
    answer(201, { id: '1', meta: { location: 'a' } }, { ...scim, location: 'b' }),
    'rule 3: Location is not meta.location',
  ],
  [
    'a 201 without an id',
    answer(201, { meta: { location: 'l' } }, { ...scim, location: 'l' }),
    'rule 3: a 201 without an id',
  ],
  ['a 204 with a body', answer(204, { id: '1' }), 'rule 4: a 204 with a body'],
  ['a list without its schema', answer(200, { Resources: [] }), 'rule 5: Resources without the ListResponse schema'],
  [
    'a count as text',
    answer(200, { schemas: [listResponseUrn], Resources: [], totalResults: '0' }),
    'rule 5: totalResults is not an integer',
  ],
  ['a password at any depth', answer(200, { a: [{ Password: 'x' }] }), 'rule 6: the answer holds a password'],
])('%s breaks one', (_, given, broken) => {
  expect(brokenStandingRules(given, '')).toEqual([broken]);
});
