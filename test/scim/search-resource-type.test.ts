import { describe, expect, test } from 'vitest';
import { lookUpName } from '../../src/scim/attribute-lookup.ts';
import { parseFilter } from '../../src/scim/filter.ts';
import { groupResourceType, userResourceType } from '../../src/scim/resource-types.ts';
import { isForeign, searchResourceType } from '../../src/scim/search-resource-type.ts';
import { enterpriseUserUrn, groupUrn, userUrn } from '../../src/scim/urns.ts';
import { refusal } from './refusal.ts';

// RFC 7644 section 3.4.2.1: attributes that are not part of a resource type are treated as having no value there.
describe('names in a search over users and groups', () => {
  const users = searchResourceType(userResourceType, [groupResourceType]);
  const groups = searchResourceType(groupResourceType, [userResourceType]);

  test.each([
    ['userName', false, true],
    ['displayName', false, false],
    ['members.value', true, false],
    ['id', false, false],
    ['meta.created', false, false],
    [`${userUrn}:userName`, false, true],
    [`${groupUrn}:displayName`, true, false],
    [`${enterpriseUserUrn}:department`, false, true],
  ])('%s is foreign to users: %s, to groups: %s', (name, toUsers, toGroups) => {
    const foreign = (searched: typeof users, own: typeof users) => {
      const meaning = lookUpName(name, searched);
      return meaning.kind === 'attribute' && isForeign(meaning.attribute, own);
    };
    expect([foreign(users, userResourceType), foreign(groups, groupResourceType)]).toEqual([toUsers, toGroups]);
  });

  test('of no resource type are refused', () => {
    for (const searched of [users, groups]) {
      expect(refusal(() => parseFilter('shoeSize eq 42', searched))).toMatchObject({ scimType: 'invalidFilter' });
    }
  });
});
