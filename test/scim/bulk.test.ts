import { describe, expect, test } from 'vitest';
import {
  bulkOrder,
  parseBulkRequest,
  resolveBulkIds,
  type BulkItem,
  type BulkOperation,
} from '../../src/scim/bulk-request.ts';
import { bulkResponse } from '../../src/scim/bulk-response.ts';
import { groupResourceType, userResourceType } from '../../src/scim/resource-types.ts';
import { badRequest } from '../../src/scim/scim-error.ts';
import { bulkRequestUrn, bulkResponseUrn, enterpriseUserUrn, errorUrn } from '../../src/scim/urns.ts';
import { refusal } from './refusal.ts';

const types = [userResourceType, groupResourceType];
const limits = { maxOperations: 5000 };
const parse = (...Operations: unknown[]) =>
  parseBulkRequest({ schemas: [bulkRequestUrn], Operations }, types, limits).items;

const createUser = (bulkId: string, data: object = {}) => ({
  method: 'POST',
  path: '/Users',
  bulkId,
  data: { userName: bulkId, ...data },
});
const createGroup = (bulkId: string, ...members: string[]) => ({
  method: 'POST',
  path: '/Groups',
  bulkId,
  data: { displayName: bulkId, members: members.map((id) => ({ value: `bulkId:${id}` })) },
});

function only(items: readonly BulkItem[]): BulkOperation {
  const item = items[0];
  if (item?.kind !== 'operation') throw new Error('expected one operation');
  return item.operation;
}

describe('a bulk request is read (RFC 7644 section 3.7)', () => {
  test('with all its parts', () => {
    const request = parseBulkRequest(
      {
        schemas: [bulkRequestUrn],
        failOnErrors: 2,
        Operations: [
          createUser('a'),
          { method: 'put', path: '/Users/u1', version: 'W/"3"', data: { userName: 'x' } },
          { method: 'PATCH', path: '/Groups/g1', data: { Operations: [] } },
          { method: 'DELETE', path: '/Users/u2', data: null },
        ],
      },
      types,
      limits,
    );
    expect(request.failOnErrors).toBe(2);
    expect(request.items.map((item) => (item.kind === 'operation' ? item.operation : item))).toEqual([
      { method: 'POST', resourceType: userResourceType, bulkId: 'a', data: { userName: 'a' } },
      { method: 'PUT', resourceType: userResourceType, id: 'u1', version: 'W/"3"', data: { userName: 'x' } },
      { method: 'PATCH', resourceType: groupResourceType, id: 'g1', data: { Operations: [] } },
      { method: 'DELETE', resourceType: userResourceType, id: 'u2' },
    ]);
  });

  test.each<[string, unknown, number, string | undefined]>([
    ['a body that is a list', [], 400, 'invalidSyntax'],
    ['another schema', { schemas: ['urn:x'], Operations: [] }, 400, 'invalidSyntax'],
    ['no operations', { schemas: [bulkRequestUrn] }, 400, 'invalidSyntax'],
    ['failOnErrors that is 0', { failOnErrors: 0, Operations: [] }, 400, 'invalidValue'],
    ['failOnErrors that is text', { failOnErrors: '1', Operations: [] }, 400, 'invalidValue'],
    ['too many operations', { Operations: Array(5001).fill({}) }, 413, 'tooMany'],
  ])('%s is refused as a whole', (_, body, status, scimType) => {
    expect(refusal(() => parseBulkRequest(body, types, limits))).toMatchObject({ status, scimType });
  });

  test.each<[string, unknown, string]>([
    ['an operation that is text', 'x', 'must be an object'],
    ['no method', { path: '/Users/u1' }, '"method" must be'],
    ['GET', { method: 'GET', path: '/Users/u1' }, '"method" must be'],
    ['a POST without bulkId', { method: 'POST', path: '/Users', data: {} }, 'needs a "bulkId"'],
    ['a POST with an id', { ...createUser('a'), path: '/Users/u1' }, 'goes to /Users itself'],
    ['a PUT without an id', { method: 'PUT', path: '/Users', data: {} }, 'needs an id'],
    ['another endpoint', { method: 'DELETE', path: '/Devices/1' }, '/Users or /Groups'],
    ['a path that goes on', { method: 'DELETE', path: '/Users/1/2' }, '/Users or /Groups'],
    ['a whole address', { method: 'DELETE', path: 'https://x/Users/1' }, '/Users or /Groups'],
    ['no path', { method: 'DELETE' }, '/Users or /Groups'],
    ['a PATCH without data', { method: 'PATCH', path: '/Users/1' }, 'needs "data"'],
    ['data that is text', { method: 'PUT', path: '/Users/1', data: 'x' }, 'needs "data"'],
  ])('%s refuses that operation alone', (_, operation, reason) => {
    const [first, second] = parse(operation, createUser('b'));
    expect(first).toMatchObject({ kind: 'refused', error: { status: 400 } });
    expect(first?.kind === 'refused' ? first.error.detail : '').toContain(reason);
    expect(second?.kind).toBe('operation');
  });

  test('a bulkId used twice refuses the second', () => {
    expect(parse(createUser('a'), createUser('a')).map(({ kind }) => kind)).toEqual(['operation', 'refused']);
  });
});

describe('references', () => {
  test.each<[string, unknown[], number[]]>([
    ['none: as they came', [createUser('a'), createUser('b')], [0, 1]],
    ['backwards: as they came', [createUser('a'), createGroup('g', 'a')], [0, 1]],
    [
      'forwards: the creation first',
      [createGroup('g', 'b', 'a'), createUser('a'), createUser('b'), createUser('c')],
      [2, 1, 0, 3],
    ],
    ['in a path', [{ method: 'DELETE', path: '/Users/bulkId:a' }, createUser('a')], [1, 0]],
    ['to nothing', [createGroup('g', 'zzz')], [0]],
  ])('%s', (_, operations, order) => {
    expect(bulkOrder(parse(...operations))).toEqual({ order, circular: new Map() });
  });

  test('in a circle are refused with 409, those outside it are not', () => {
    const { order, circular } = bulkOrder(
      parse(createGroup('a', 'b'), createGroup('b', 'a'), createUser('c'), createGroup('d', 'd')),
    );
    expect([...circular.keys()].sort()).toEqual([0, 1, 3]);
    expect(circular.get(0)?.status).toBe(409);
    expect([...order].sort()).toEqual([0, 1, 2, 3]);
  });

  test('in a chain of 5,000 are put in order without running out of stack', () => {
    const chain = Array.from({ length: 5000 }, (_, at) => createGroup(`g${at}`, `g${at + 1}`));
    const { order } = bulkOrder(parse(...chain));
    expect(order[0]).toBe(4999);
    expect(order.at(-1)).toBe(0);
  });

  test('are replaced by ids wherever they stand, and the input is not changed', () => {
    const operation = only(
      parse({
        method: 'PATCH',
        path: '/Groups/bulkId:g',
        data: { Operations: [{ op: 'add', path: 'members', value: [{ value: 'bulkId:a' }] }] },
      }),
    );
    const before = structuredClone(operation.data);
    const resolved = resolveBulkIds(
      operation,
      new Map([
        ['a', 'id-a'],
        ['g', 'id-g'],
      ]),
    );
    expect(resolved.id).toBe('id-g');
    expect(resolved.data).toEqual({ Operations: [{ op: 'add', path: 'members', value: [{ value: 'id-a' }] }] });
    expect(operation.data).toEqual(before);
  });

  // RFC 7644 section 3.7.2.
  test('to a creation that failed, or to nothing in the request, are refused', () => {
    const operation = only(parse(createGroup('g', 'a', 'Zzz')));
    expect(refusal(() => resolveBulkIds(operation, new Map([['a', null]])))).toMatchObject({
      status: 400,
      scimType: 'invalidValue',
    });
    const error = refusal(() => resolveBulkIds(operation, new Map([['a', 'id']])));
    expect(error).toMatchObject({ status: 400, scimType: 'invalidValue' });
    expect(error.detail).toContain('refers to bulkId:Zzz, which this request does not create');
  });

  // RFC 7644 section 3.7.2: references stand in paths, and where the schemas have a reference to a resource.
  test.each<[string, object, object]>([
    ['a title', { path: 'title', value: 'bulkId:a' }, { path: 'title', value: 'bulkId:a' }],
    ['a title without path', { value: { title: 'bulkId:a' } }, { value: { title: 'bulkId:a' } }],
    [
      'an e-mail',
      { path: 'emails', value: [{ value: 'bulkId:a' }] },
      { path: 'emails', value: [{ value: 'bulkId:a' }] },
    ],
    [
      'the manager as text',
      { path: `${enterpriseUserUrn}:manager`, value: 'bulkId:a' },
      { path: `${enterpriseUserUrn}:manager`, value: 'id-a' },
    ],
    [
      'the value of the manager',
      { path: `${enterpriseUserUrn}:manager.value`, value: 'bulkId:a' },
      { path: `${enterpriseUserUrn}:manager.value`, value: 'id-a' },
    ],
    [
      'the manager without path',
      { value: { [enterpriseUserUrn]: { manager: { managerId: 'bulkId:a' }, department: 'bulkId:a' } } },
      { value: { [enterpriseUserUrn]: { manager: { managerId: 'id-a' }, department: 'bulkId:a' } } },
    ],
  ])('%s', (_, sent, resolved) => {
    const operation = only(
      parse({ method: 'PATCH', path: '/Users/u', data: { Operations: [{ op: 'add', ...sent }] } }),
    );
    expect(resolveBulkIds(operation, new Map([['a', 'id-a']])).data).toEqual({
      Operations: [{ op: 'add', ...resolved }],
    });
  });

  test('in the filter of a path are replaced too', () => {
    const data = { Operations: [{ op: 'remove', path: 'members[value eq "bulkId:a"]' }] };
    const operation = only(parse({ method: 'PATCH', path: '/Groups/g', data }));
    expect(resolveBulkIds(operation, new Map([['a', 'id-a']])).data).toEqual({
      Operations: [{ op: 'remove', path: 'members[value eq "id-a"]' }],
    });
  });

  test('in two circles with a common part are all refused', () => {
    const { circular } = bulkOrder(parse(createGroup('a', 'b'), createGroup('b', 'a', 'x'), createGroup('x', 'a')));
    expect([...circular.keys()].sort()).toEqual([0, 1, 2]);
  });
});

test('the answer has text statuses, and the error in place of a resource', () => {
  expect(
    bulkResponse([
      { method: 'POST', bulkId: 'a', status: 201, location: 'https://x/Users/1', version: 'W/"1"' },
      { method: 'POST', bulkId: 'b', status: 400, error: badRequest('invalidValue', 'no') },
    ]),
  ).toEqual({
    schemas: [bulkResponseUrn],
    Operations: [
      { method: 'POST', bulkId: 'a', status: '201', location: 'https://x/Users/1', version: 'W/"1"' },
      {
        method: 'POST',
        bulkId: 'b',
        status: '400',
        response: { schemas: [errorUrn], status: '400', scimType: 'invalidValue', detail: 'no' },
      },
    ],
  });
});
