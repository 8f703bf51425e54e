import type { JsonObject, JsonValue } from '../../src/scim/json.ts';
import { enterpriseUserUrn } from '../../src/scim/urns.ts';

/** Operations on the sample user, and what one attribute must be then; 'refused' where RFC 7644 section 3.5.2 says so. */
export interface PatchCase {
  what: string;
  operations: JsonObject[];
  /** The attribute that is looked at. */
  attribute: string;
  expected: JsonValue | undefined;
}

const work = { value: 'bjensen@example.com', type: 'work', primary: true };
const home = { value: 'babs@jensen.org', type: 'home' };
const name = { formatted: 'Ms. Barbara J Jensen', familyName: 'Jensen', givenName: 'Barbara' };

const refused = (what: string, ...operations: JsonObject[]): PatchCase => ({
  what,
  operations,
  attribute: '',
  expected: 'refused',
});
const gives = (
  what: string,
  attribute: string,
  expected: JsonValue | undefined,
  ...operations: JsonObject[]
): PatchCase => ({
  what,
  operations,
  attribute,
  expected,
});

export const patchCases: readonly PatchCase[] = [
  gives('replace of a simple attribute', 'title', 'Boss', { op: 'replace', path: 'title', value: 'Boss' }),
  gives('names in other letter case', 'title', 'Boss', { op: 'replace', path: 'TITLE', value: 'Boss' }),
  gives("Entra's capitalised operation", 'title', 'Boss', { op: 'Replace', path: 'title', value: 'Boss' }),
  gives("Entra's boolean as text", 'active', false, { op: 'replace', path: 'active', value: 'False' }),
  gives(
    'add merges a complex attribute',
    'name',
    { ...name, middleName: 'J' },
    { op: 'add', path: 'name', value: { middleName: 'J' } },
  ),
  gives(
    'replace merges a complex attribute',
    'name',
    { ...name, givenName: 'B' },
    { op: 'replace', path: 'name', value: { givenName: 'B' } },
  ),
  gives('add of a value that is there changes nothing', 'emails', [work, home], {
    op: 'add',
    path: 'emails',
    value: [home],
  }),
  gives(
    'a new primary takes the place of the old',
    'emails',
    [{ value: work.value, type: 'work' }, home, { value: 'n@x.example', type: 'other', primary: true }],
    { op: 'add', path: 'emails', value: [{ value: 'n@x.example', type: 'other', primary: true }] },
  ),
  gives('replace of a chosen sub-attribute', 'emails', [work, { ...home, value: 'b@x.example' }], {
    op: 'replace',
    path: 'emails[type eq "home"].value',
    value: 'b@x.example',
  }),
  gives(
    'add by a filter that chooses nothing makes the element (Entra)',
    'emails',
    [work, home, { type: 'other', value: 'o@x.example' }],
    {
      op: 'add',
      path: 'emails[type eq "other"].value',
      value: 'o@x.example',
    },
  ),
  gives('remove of the chosen element', 'emails', [work], { op: 'remove', path: 'emails[type eq "home"]' }),
  gives('remove of the last element leaves no attribute', 'phoneNumbers', undefined, {
    op: 'remove',
    path: 'phoneNumbers[type eq "work"]',
  }),
  gives(
    'an extension attribute by its URN',
    enterpriseUserUrn,
    { employeeNumber: '701984', department: 'Sales' },
    {
      op: 'replace',
      path: `${enterpriseUserUrn}:department`,
      value: 'Sales',
    },
  ),
  gives(
    'dotted keys without a path (Entra)',
    'name',
    { ...name, givenName: 'B' },
    { op: 'replace', value: { 'name.givenName': 'B' } },
  ),
  refused('replace where the filter chooses nothing: noTarget', {
    op: 'replace',
    path: 'emails[value eq "x"]',
    value: { value: 'y' },
  }),
  refused('remove without a path: noTarget', { op: 'remove' }),
  refused('a read-only attribute: mutability', { op: 'replace', path: 'id', value: 'x' }),
  refused('a required attribute: mutability', { op: 'remove', path: 'userName' }),
  refused('a value of the wrong type: invalidValue', { op: 'replace', path: 'active', value: 'maybe' }),
  refused('a path that names nothing: invalidPath', { op: 'add', path: 'name.nonsense', value: 'x' }),
  refused('a prototype as a path', { op: 'add', path: '__proto__.polluted', value: 'yes' }),
  refused('a prototype through a constructor', { op: 'add', path: 'constructor.prototype.polluted', value: 'yes' }),
];

const emails = (length: number): JsonObject[] => Array.from({ length }, (_, n) => ({ value: `n${n}@x.example` }));

export interface MeasuredPatch {
  what: string;
  /** Attributes put over the sample user. */
  over: JsonObject;
  operations: JsonObject[];
}

export const measuredPatches: readonly MeasuredPatch[] = [
  { what: 'Okta: deactivate', over: {}, operations: [{ op: 'replace', value: { active: false } }] },
  {
    what: 'Entra: five attributes',
    over: {},
    operations: [
      { op: 'replace', path: 'title', value: 'Boss' },
      { op: 'replace', path: 'name.givenName', value: 'B' },
      { op: 'replace', path: 'emails[type eq "work"].value', value: 'b@x.example' },
      { op: 'add', path: `${enterpriseUserUrn}:department`, value: 'Sales' },
      { op: 'remove', path: 'phoneNumbers[type eq "work"]' },
    ],
  },
  {
    what: '100 values added to a list of 500',
    over: { emails: emails(500) },
    operations: [{ op: 'add', path: 'emails', value: emails(600).slice(500) }],
  },
  {
    what: 'one of 500 values removed',
    over: { emails: emails(500) },
    operations: [{ op: 'remove', path: 'emails[value eq "n250@x.example"]' }],
  },
];
