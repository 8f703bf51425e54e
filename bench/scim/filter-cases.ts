import { enterpriseUserUrn } from '../../src/scim/urns.ts';

/** A filter, and whether the sample user satisfies it; 'refused' where RFC 7644 section 3.4.2.2 gives it no meaning. */
export type FilterCase = readonly [what: string, filter: string, expected: boolean | 'refused'];

export const filterCases: readonly FilterCase[] = [
  ['eq ignores case where caseExact is false', 'userName eq "bjensen@EXAMPLE.com"', true],
  ['attribute names and operators ignore case', 'USERNAME EQ "BJensen@example.com"', true],
  ['eq minds case where caseExact is true', 'id eq "2819C223-7F76-453A-919D-413861904646"', false],
  ['co, sw and ew ignore case', 'userName sw "bj" and userName ew ".COM" and userName co "JENSEN"', true],
  ['ne of an absent attribute', 'nickName ne "x"', true],
  ['a value path that no element satisfies', 'emails[type eq "other"]', false],
  ['a value path is about one element', 'emails[type eq "work" and value co "@jensen.org"]', false],
  ['a value path that holds', 'emails[type eq "home" and value co "@jensen.org"]', true],
  ['not inside a value path', 'emails[not (type eq "work")]', true],
  ['and before or', 'title eq "x" and active eq true or active eq true', true],
  ['parentheses', 'title eq "x" and (active eq true or active eq true)', false],
  ['nested parentheses', '((active eq true))', true],
  ['not of an and', 'not (title eq "x" and active eq true)', true],
  ['not of a not', 'not (not (active eq true))', true],
  ['an escaped quote', 'displayName eq "Babs \\"B\\" Jensen"', true],
  ['a unicode escape', 'displayName sw "\\u0042abs"', true],
  ['dates are compared as times', 'meta.created eq "2010-01-23T05:56:22+01:00"', true],
  ['dates with an offset have an order', 'meta.lastModified lt "2011-05-13T05:00:00+02:00"', false],
  ['an extension attribute by its URN', `${enterpriseUserUrn}:department eq "tour operations"`, true],
  ['eq null of an absent attribute', 'nickName eq null', true],
  ['an order of booleans is refused', 'active gt false', 'refused'],
  ['an unknown attribute is refused', 'nonsense eq "x"', 'refused'],
  ['an unterminated text is refused', 'userName eq "x', 'refused'],
  ['a missing operand is refused', 'userName eq', 'refused'],
  ['text after the end is refused', 'active eq true active', 'refused'],
  ['5,000 parentheses are refused, not a stack overflow', `${'('.repeat(5_000)}active eq true`, 'refused'],
];

/** What is measured: look-ups of providers, and one filter that uses the whole grammar. */
export const measuredFilters: readonly (readonly [what: string, filter: string])[] = [
  ['Okta: userName eq', 'userName eq "bjensen@example.com"'],
  ['Entra: emails[type eq "work"]', 'emails[type eq "work" and value eq "bjensen@example.com"]'],
  [
    'the whole grammar',
    'active eq true and (title sw "Tour" or userType eq "Intern") and emails[type eq "work" and primary eq true]',
  ],
  ['50 ids', Array.from({ length: 50 }, (_, n) => `id eq "2819c223-7f76-453a-919d-4138619046${n + 10}"`).join(' or ')],
  ['8 two-way clauses', Array.from({ length: 8 }, (_, n) => `(title eq "a${n}" or title eq "b${n}")`).join(' and ')],
];
