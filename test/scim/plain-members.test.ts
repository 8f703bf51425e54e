import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { memberIds, splitGroupPatch } from '../../src/scim/group-members-patch.ts';
import { parsePatchRequest } from '../../src/scim/patch-request.ts';
import { parseResource } from '../../src/scim/parse-resource.ts';
import { plainMembers } from '../../src/scim/plain-members.ts';
import { groupResourceType } from '../../src/scim/resource-types.ts';
import { groupUrn, patchOpUrn } from '../../src/scim/urns.ts';

const members = groupResourceType.schema.attributes.find(({ name }) => name === 'members');
if (members === undefined) throw new Error('a group has members');

test.each<[string, unknown, unknown]>([
  ['ids alone stay as they are', [{ value: 'a' }, { value: 'b' }], [{ value: 'a' }, { value: 'b' }]],
  ['a name, which is readOnly, is left out', [{ value: 'a', display: 'Ada' }], [{ value: 'a' }]],
  ['a type has to be looked at', [{ value: 'a' }, { value: 'b', type: 'User' }], undefined],
  ['so has a name in other letter case', [{ Value: 'a' }], undefined],
  ['so has an operation of SCIM 1.1', [{ value: 'a', operation: 'delete' }], undefined],
  ['so has a member that names nobody', [{ value: ' ' }], undefined],
  ['so has one without a value', [{ display: 'Ada' }], undefined],
  ['so has a bare id', ['a'], undefined],
  ['so has what is no list', { value: 'a' }, undefined],
  ['an empty list says something of its own', [], undefined],
])('members: %s', (_, sent, plain) => {
  expect(plainMembers(members, sent as never)).toEqual(plain);
});

describe('a list of members that is passed through means what it means element by element', () => {
  const id = fc.constantFrom('a', 'A', 'b', 'ß', ' c', '', ' ');
  const element = fc.oneof(
    fc.record({ value: id }),
    fc.record({ value: id, display: fc.constantFrom('Ada', 1, null) }),
    fc.record({ display: fc.constant('nobody') }),
  );
  /** A type is what has the list looked at. */
  const typed = (list: readonly object[]) => list.map((one) => ({ ...one, type: 'User' }));
  const outcome = (read: () => unknown): unknown => {
    try {
      return read();
    } catch (error) {
      return String(error);
    }
  };

  test('in a POST or PUT', () => {
    const read = (list: readonly object[]) =>
      outcome(() =>
        memberIds(parseResource({ schemas: [groupUrn], displayName: 'Staff', members: list }, groupResourceType)),
      );
    fc.assert(
      fc.property(fc.array(element, { maxLength: 6 }), (list) => {
        expect(read(list)).toEqual(read(typed(list)));
      }),
    );
  });

  test.each(['add', 'replace', 'remove'])('in a PATCH that says %s', (op) => {
    const read = (list: readonly object[]) =>
      outcome(() =>
        splitGroupPatch(
          parsePatchRequest(
            { schemas: [patchOpUrn], Operations: [{ op, path: 'members', value: list }] },
            groupResourceType,
          ),
        ),
      );
    fc.assert(
      fc.property(fc.array(element, { maxLength: 6 }), (list) => {
        expect(read(list)).toEqual(read(typed(list)));
      }),
    );
  });
});
