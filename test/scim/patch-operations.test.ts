import { describe, expect, test } from 'vitest';
import { enterpriseUserUrn as enterprise } from '../../src/scim/urns.ts';
import { add, home, patch, remove, replace, tours, user, work, type SentOperation } from './patched-user.ts';
import { refusal } from './refusal.ts';

/** What the operations make of `user`, as the members that then differ; `undefined` for those that are gone. */
type Row = [name: string, operations: SentOperation[], expected: Record<string, unknown>, changed: string[]];

describe('add (RFC 7644 section 3.5.2.1)', () => {
  test.each<Row>([
    ['an absent attribute is added', [add('title', 'Guide')], { title: 'Guide' }, ['title']],
    ['a single value is replaced', [add('displayName', 'B')], { displayName: 'B' }, ['displayName']],
    ['the value that is there changes nothing', [add('displayName', 'Babs')], {}, []],
    [
      'sub-attributes are added to a complex value',
      [add('name', { middleName: 'J' })],
      { name: { familyName: 'Jensen', givenName: 'Barbara', middleName: 'J' } },
      ['name'],
    ],
    [
      'a sub-attribute is added',
      [add('name.middleName', 'J')],
      { name: { familyName: 'Jensen', givenName: 'Barbara', middleName: 'J' } },
      ['name'],
    ],
    [
      'a sub-attribute brings its attribute along',
      [remove('name'), add('name.givenName', 'B')],
      { name: { givenName: 'B' } },
      ['name'],
    ],
    [
      'values are added to a list',
      [add('emails', [{ value: 'o@x', type: 'other' }])],
      { emails: [work, home, { value: 'o@x', type: 'other' }] },
      ['emails'],
    ],
    ['a value that is there is not repeated', [add('emails', [{ value: 'WORK@x', type: 'Work' }])], {}, []],
    [
      'what it says beyond is taken over',
      [add('emails', [{ value: 'home@x', type: 'home', display: 'H' }])],
      { emails: [work, { ...home, display: 'H' }] },
      ['emails'],
    ],
    ['an empty list adds nothing', [add('emails', [])], {}, []],
    ['null adds nothing', [add('title', null)], {}, []],
    [
      'without a path, each member is a target',
      [{ op: 'add', value: { title: 'Guide', emails: [{ value: 'o@x' }] } }],
      { title: 'Guide', emails: [work, home, { value: 'o@x' }] },
      ['title', 'emails'],
    ],
    [
      'an extension attribute by its URN',
      [add(`${enterprise}:costCenter`, '7')],
      { [enterprise]: { ...tours, costCenter: '7' } },
      [`${enterprise}:costCenter`],
    ],
    [
      'an extension by its URN is merged',
      [add(enterprise, { costCenter: '7' })],
      { [enterprise]: { ...tours, costCenter: '7' } },
      [`${enterprise}:costCenter`],
    ],
    // With a filter.
    [
      'chosen elements are completed',
      [add('emails[type eq "home"]', { display: 'H' })],
      { emails: [work, { ...home, display: 'H' }] },
      ['emails'],
    ],
    [
      'a sub-attribute of the chosen ones',
      [add('emails[type eq "home"].display', 'H')],
      { emails: [work, { ...home, display: 'H' }] },
      ['emails'],
    ],
    [
      'an element that is missing is made',
      [add('emails[type eq "other"].value', 'o@x')],
      { emails: [work, home, { type: 'other', value: 'o@x' }] },
      ['emails'],
    ],
    [
      'with all that the filter says',
      [add('emails[type eq "other" and display eq "O"]', { value: 'o@x' })],
      { emails: [work, home, { type: 'other', display: 'O', value: 'o@x' }] },
      ['emails'],
    ],
    [
      'in a list that is missing',
      [add('phoneNumbers[type eq "mobile"].value', '5')],
      { phoneNumbers: [{ type: 'mobile', value: '5' }] },
      ['phoneNumbers'],
    ],
    [
      'a sub-attribute of all elements',
      [add('emails.display', 'D')],
      {
        emails: [
          { ...work, display: 'D' },
          { ...home, display: 'D' },
        ],
      },
      ['emails'],
    ],
    [
      'a sub-attribute in a list that is missing',
      [add('phoneNumbers.value', '5')],
      { phoneNumbers: [{ value: '5' }] },
      ['phoneNumbers'],
    ],
  ])('%s', (_, operations, expected, changed) => {
    const result = patch(user, operations);
    expect(result.resource).toEqual({ ...user, ...expected });
    expect(result.changed.sort()).toEqual(changed.sort());
  });
});

describe('replace (RFC 7644 section 3.5.2.3)', () => {
  test.each<Row>([
    ['a value', [replace('displayName', 'B')], { displayName: 'B' }, ['displayName']],
    ['an absent attribute is added', [replace('title', 'Guide')], { title: 'Guide' }, ['title']],
    ['the same value changes nothing', [replace('emails', [work, home])], {}, []],
    ['another order of a list is no change', [replace('emails', [home, work])], { emails: [home, work] }, []],
    [
      'of a complex value only what is named',
      [replace('name', { givenName: 'B' })],
      { name: { familyName: 'Jensen', givenName: 'B' } },
      ['name'],
    ],
    [
      'null inside clears that sub-attribute',
      [replace('name', { givenName: null })],
      { name: { familyName: 'Jensen' } },
      ['name'],
    ],
    ['an empty object changes nothing', [replace('name', {})], {}, []],
    ['a whole list', [replace('emails', [{ value: 'o@x' }])], { emails: [{ value: 'o@x' }] }, ['emails']],
    ['a list by nothing', [replace('emails', [])], { emails: undefined }, ['emails']],
    ['null unassigns', [replace('displayName', null)], { displayName: undefined }, ['displayName']],
    ['null unassigns a sub-attribute', [replace('name.givenName', null)], { name: { familyName: 'Jensen' } }, ['name']],
    ['an empty text is a value', [replace('displayName', '')], { displayName: '' }, ['displayName']],
    [
      'chosen elements as a whole',
      [replace('emails[type eq "home"]', { value: 'h@x', type: 'home', display: 'H' })],
      { emails: [work, { value: 'h@x', type: 'home', display: 'H' }] },
      ['emails'],
    ],
    [
      'a sub-attribute of chosen elements',
      [replace('emails[type eq "work"].value', 'w@x')],
      { emails: [{ ...work, value: 'w@x' }, home] },
      ['emails'],
    ],
    [
      'of a missing element chosen by type, as Entra does',
      [replace('emails[type eq "other"].value', 'o@x')],
      { emails: [work, home, { type: 'other', value: 'o@x' }] },
      ['emails'],
    ],
    [
      'of a missing element chosen by primary, as Entra does',
      [replace('roles[primary eq "True"].value', 'r')],
      { roles: [{ primary: true, value: 'r' }] },
      ['roles'],
    ],
    [
      'text for a chosen element is its value',
      [replace('emails[type eq "home"]', 'h@x')],
      { emails: [work, { ...home, value: 'h@x' }] },
      ['emails'],
    ],
    [
      'null for a chosen value takes the element out',
      [replace('emails[type eq "home"].value', null)],
      { emails: [work] },
      ['emails'],
    ],
    ['null where nothing is chosen changes nothing', [replace('emails[type eq "x"].value', null)], {}, []],
    [
      'null for an extension takes it out',
      [{ op: 'replace', value: { [enterprise]: null } }],
      { [enterprise]: undefined },
      [`${enterprise}:department`, `${enterprise}:manager`],
    ],
    [
      'a new manager leaves no address of the old one',
      [replace(`${enterprise}:manager.value`, 'm2')],
      { [enterprise]: { department: 'Tours', manager: { value: 'm2' } } },
      [`${enterprise}:manager`],
    ],
    ['the same manager keeps its address', [replace(`${enterprise}:manager`, { value: 'm1' })], {}, []],
  ])('%s', (_, operations, expected, changed) => {
    const result = patch(user, operations);
    expect(result.resource).toEqual(JSON.parse(JSON.stringify({ ...user, ...expected })));
    expect(result.changed).toEqual(changed);
  });

  test.each([
    ['no element is chosen, as a whole', replace('emails[type eq "other"]', { value: 'o@x' }), 'emails'],
    ['no element is chosen by its value', replace('emails[value eq "no@x"].display', 'x'), 'emails'],
    ['what is chosen cannot be made', replace('emails[type sw "o"].value', 'o@x'), 'emails'],
    ['what is chosen contradicts itself', add('emails[type eq "a" and type eq "b"].value', 'o@x'), 'emails'],
    ['an alternative cannot be made', add('emails[type eq "a" or type eq "b"].value', 'o@x'), 'emails'],
  ])('noTarget where %s', (_, operation, attribute) => {
    const error = refusal(() => patch(user, [operation]));
    expect(error).toMatchObject({ status: 400, scimType: 'noTarget' });
    expect(error.detail).toContain(`No value of "${attribute}" satisfies`);
  });
});

describe('remove (RFC 7644 section 3.5.2.2)', () => {
  test.each<Row>([
    ['an attribute', [remove('displayName')], { displayName: undefined }, ['displayName']],
    ['an absent attribute', [remove('title')], {}, []],
    ['a sub-attribute', [remove('name.givenName')], { name: { familyName: 'Jensen' } }, ['name']],
    [
      'the last sub-attribute takes its attribute along',
      [remove('name.givenName'), remove('name.familyName')],
      { name: undefined },
      ['name'],
    ],
    ['a whole list', [remove('emails')], { emails: undefined }, ['emails']],
    ['chosen elements', [remove('emails[type eq "work"]')], { emails: [home] }, ['emails']],
    [
      'the last element takes its attribute along',
      [remove('emails[value co "@x"]')],
      { emails: undefined },
      ['emails'],
    ],
    ['elements that are not there', [remove('emails[type eq "other"]')], {}, []],
    [
      'a sub-attribute of chosen elements',
      [remove('emails[type eq "work"].primary')],
      { emails: [{ value: 'work@x', type: 'work' }, home] },
      ['emails'],
    ],
    [
      'the value of a chosen element takes it along',
      [remove('emails[type eq "work"].value')],
      { emails: [home] },
      ['emails'],
    ],
    [
      'a sub-attribute of all elements',
      [remove('emails.type')],
      { emails: [{ value: 'work@x', primary: true }, { value: 'home@x' }] },
      ['emails'],
    ],
    [
      'the elements that are listed',
      [{ op: 'remove', path: 'emails', value: [{ value: 'HOME@x' }] }],
      { emails: [work] },
      ['emails'],
    ],
    [
      'listed elements of another type stay',
      [{ op: 'remove', path: 'emails', value: [{ value: 'home@x', type: 'work' }] }],
      {},
      [],
    ],
    ['an empty list removes nothing', [{ op: 'remove', path: 'emails', value: [] }], {}, []],
    [
      'an extension attribute',
      [remove(`${enterprise}:department`)],
      { [enterprise]: { manager: tours['manager'] } },
      [`${enterprise}:department`],
    ],
    [
      'a whole extension',
      [remove(enterprise)],
      { [enterprise]: undefined },
      [`${enterprise}:department`, `${enterprise}:manager`],
    ],
    [
      'the last extension attribute takes the extension along',
      [remove(`${enterprise}:department`), remove(`${enterprise}:manager`)],
      { [enterprise]: undefined },
      [`${enterprise}:department`, `${enterprise}:manager`],
    ],
    [
      'of an extension that is not there',
      [remove(enterprise), remove(`${enterprise}:manager.value`)],
      { [enterprise]: undefined },
      [`${enterprise}:department`, `${enterprise}:manager`],
    ],
  ])('%s', (_, operations, expected, changed) => {
    const result = patch(user, operations);
    expect(result.resource).toEqual(JSON.parse(JSON.stringify({ ...user, ...expected })));
    expect(result.changed).toEqual(changed);
  });

  test('a required attribute cannot be removed', () => {
    expect(refusal(() => patch(user, [remove('userName')]))).toMatchObject({ status: 400, scimType: 'mutability' });
  });

  test('unless the same PATCH gives it a new value', () => {
    expect(patch(user, [remove('userName'), add('userName', 'b')]).resource).toMatchObject({ userName: 'b' });
  });

  test('active cannot be removed: its absence must not be read as true', () => {
    const error = refusal(() => patch({ ...user, active: false }, [remove('active')]));
    expect(error).toMatchObject({ status: 400, scimType: 'invalidValue' });
  });
});
