import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject, JsonValue } from '../../src/scim/json.ts';
import { applyPatch } from '../../src/scim/patch.ts';
import { parsePatchRequest } from '../../src/scim/patch-request.ts';
import { parseResource } from '../../src/scim/parse-resource.ts';
import { groupResourceType, userResourceType } from '../../src/scim/resource-types.ts';
import { ScimError } from '../../src/scim/scim-error.ts';
import { enterpriseUserUrn } from '../../src/scim/urns.ts';
import { arbitraryText } from './arbitrary-filter.ts';
import { arbitraryUser } from './arbitrary-user.ts';

const name = fc.constantFrom(
  ...['userName', 'active', 'title', 'name', 'name.givenName', 'emails', 'emails.value', 'emails[type eq "a"]', 'foo'],
  ...['emails[type eq "A"].value', 'emails[primary eq true].display', 'phoneNumbers[not (type eq "b")]', 'members'],
  ...[
    enterpriseUserUrn,
    `${enterpriseUserUrn}:manager`,
    `${enterpriseUserUrn}:manager.value`,
    'urn:x:2.0:y:z',
    'urn:x:2.0:y',
  ],
  ...[
    '__proto__',
    'constructor.prototype.polluted',
    'toString',
    'name.__proto__.polluted',
    'emails[',
    '',
    ' ',
    'a..b',
    'schemas',
  ],
  ...[
    'id',
    'meta',
    'groups',
    'password',
    'externalId',
    'members[value eq "a"]',
    'roles[value eq "a"].primary',
    'foo.bar',
  ],
);
const scalar = fc.oneof(
  arbitraryText,
  fc.boolean(),
  fc.integer({ min: -2, max: 2 }),
  fc.constant(null),
  fc.constant('True'),
);
const element = fc.dictionary(
  fc.constantFrom(
    'value',
    'type',
    'primary',
    'display',
    'givenName',
    'VALUE',
    'x',
    '__proto__',
    'polluted',
    'operation',
    '$ref',
  ),
  scalar,
  { maxKeys: 3 },
);
const value = fc.oneof(
  scalar,
  element,
  fc.array(fc.oneof(scalar, element), { maxLength: 3 }),
  fc.dictionary(name, fc.oneof(scalar, element, fc.array(element, { maxLength: 2 })), { maxKeys: 3 }),
  fc.json({ maxDepth: 3 }),
);
/** Text first, then parsed, so that `__proto__` becomes a key of its own as it does in a request. */
const request = fc
  .record(
    {
      Operations: fc.array(
        fc.record(
          { op: fc.constantFrom('add', 'Replace', 'remove', 'x'), path: fc.option(name, { nil: undefined }), value },
          { requiredKeys: ['op'] },
        ),
        { maxLength: 4 },
      ),
    },
    { requiredKeys: ['Operations'] },
  )
  .map((body) => JSON.parse(JSON.stringify(body)) as JsonValue);

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    expect(error).toBeInstanceOf(ScimError);
    expect((error as ScimError).status).toBe(400);
    return undefined;
  }
}

function expectCleanPrototypes(): void {
  expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('polluted');
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(Object.keys(Array.prototype)).toEqual([]);
}

describe('a PATCH, whatever is in it', () => {
  test.each([userResourceType, groupResourceType])(
    'succeeds or is a SCIM error, changes no input, touches no prototype ($name)',
    (type) => {
      fc.assert(
        fc.property(arbitraryUser, request, (resource, body) => {
          const before = structuredClone(resource);
          const sent = JSON.stringify(body);
          const operations = attempt(() => parsePatchRequest(body, type));
          if (operations) {
            const frozen = JSON.stringify(operations);
            const result = attempt(() => applyPatch(resource, operations, type));
            expect(JSON.stringify(operations)).toBe(frozen);
            // A group knows no userName or emails, so anything goes there.
            if (result && type === userResourceType) expectWellFormed(result.resource, before);
          }
          expect(resource).toEqual(before);
          expect(JSON.stringify(body)).toBe(sent);
          expectCleanPrototypes();
        }),
        { numRuns: 3000 },
      );
    },
  );

  test('says that nothing changed exactly when nothing did', () => {
    fc.assert(
      fc.property(arbitraryUser, request, (resource, body) => {
        const result = attempt(() => applyPatch(resource, parsePatchRequest(body, userResourceType), userResourceType));
        if (!result) return;
        const again = attempt(() => applyPatch(result.resource, [], userResourceType));
        expect(again?.changed ?? []).toEqual([]);
        if (result.changed.length === 0) expect(sorted(result.resource)).toEqual(sorted(resource));
        else expect(sorted(result.resource)).not.toEqual(sorted(resource));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a POST, whatever is in it', () => {
  test('is a resource or a SCIM error, and touches no prototype', () => {
    const body = fc.oneof(
      fc.json().map((text) => JSON.parse(text) as JsonValue),
      fc.dictionary(name, value).map((object) => JSON.parse(JSON.stringify(object)) as JsonValue),
    );
    fc.assert(
      fc.property(body, (sent) => {
        const text = JSON.stringify(sent);
        const parsed = attempt(() => parseResource(sent, userResourceType));
        if (parsed) {
          expect(typeof parsed['userName']).toBe('string');
          // What was stored reads back as itself.
          expect(parseResource(structuredClone(parsed), userResourceType)).toEqual(parsed);
        }
        expect(JSON.stringify(sent)).toBe(text);
        expectCleanPrototypes();
      }),
      { numRuns: 2000 },
    );
  });
});

describe('random sequences against a simple model', () => {
  type Step =
    | { kind: 'set'; path: string; value: string }
    | { kind: 'unset'; path: string }
    | { kind: 'put'; type: string; value: string }
    | { kind: 'drop'; type: string };
  const path = fc.constantFrom(
    'title',
    'nickName',
    'name.givenName',
    'name.familyName',
    `${enterpriseUserUrn}:department`,
  );
  const type = fc.constantFrom('work', 'home', 'other');
  const text = fc.constantFrom('x', 'y', 'z');
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ kind: fc.constant('set' as const), path, value: text }),
    fc.record({ kind: fc.constant('unset' as const), path }),
    fc.record({ kind: fc.constant('put' as const), type, value: text }),
    fc.record({ kind: fc.constant('drop' as const), type }),
  );

  function operationOf(action: Step, op: 'add' | 'replace'): unknown {
    switch (action.kind) {
      case 'set':
        return { op, path: action.path, value: action.value };
      case 'unset':
        return { op: 'remove', path: action.path };
      case 'put':
        return { op, path: `emails[type eq "${action.type}"].value`, value: action.value };
      case 'drop':
        return { op: 'remove', path: `emails[type eq "${action.type}"]` };
    }
  }

  test('end where the model ends', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(step, fc.constantFrom('add' as const, 'replace' as const)), { maxLength: 12 }),
        (steps) => {
          const fields = new Map<string, string>();
          const emails = new Map<string, string>();
          for (const [action] of steps) {
            if (action.kind === 'set') fields.set(action.path, action.value);
            else if (action.kind === 'unset') fields.delete(action.path);
            else if (action.kind === 'put') emails.set(action.type, action.value);
            else emails.delete(action.type);
          }
          const body = { Operations: steps.map(([action, op]) => operationOf(action, op)) };
          const { resource } = applyPatch(
            { userName: 'u' },
            parsePatchRequest(body, userResourceType),
            userResourceType,
          );
          const expected: JsonObject = { userName: 'u' };
          const part = (names: [string, string][]): JsonObject | undefined => {
            const entries = names.flatMap(([key, from]) => (fields.has(from) ? [[key, fields.get(from) ?? '']] : []));
            return entries.length === 0 ? undefined : (Object.fromEntries(entries) as JsonObject);
          };
          Object.assign(
            expected,
            part([
              ['title', 'title'],
              ['nickName', 'nickName'],
            ]),
          );
          const names = part([
            ['givenName', 'name.givenName'],
            ['familyName', 'name.familyName'],
          ]);
          if (names) expected['name'] = names;
          const extension = part([['department', `${enterpriseUserUrn}:department`]]);
          if (extension) expected[enterpriseUserUrn] = extension;
          if (emails.size > 0)
            expected['emails'] = [...emails].map(([key, address]) => ({ type: key, value: address }));
          expect(sorted(resource)).toEqual(sorted(expected));
        },
      ),
      { numRuns: 1000 },
    );
  });
});

function expectWellFormed(resource: JsonObject, before: JsonObject): void {
  expect(typeof resource['userName']).toBe(typeof before['userName']);
  expect(typeof resource['active']).toBe('boolean');
  for (const list of [resource['emails'], resource['phoneNumbers'], resource['roles']]) {
    if (list === undefined) continue;
    if (!Array.isArray(list)) throw new Error('a multi-valued attribute is not a list');
    expect(list.length).toBeGreaterThan(0);
    const primaries = list.filter(
      (item) => typeof item === 'object' && item !== null && 'primary' in item && item['primary'] === true,
    );
    expect(primaries.length).toBeLessThanOrEqual(1);
  }
}

/** Lists have no order. */
function sorted(resource: JsonObject): JsonObject {
  const order = (item: JsonValue): JsonValue =>
    Array.isArray(item) ? [...item].sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1)) : item;
  return Object.fromEntries(Object.entries(resource).map(([key, item]) => [key, order(item)]));
}
