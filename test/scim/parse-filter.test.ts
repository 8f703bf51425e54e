import { describe, expect, test } from 'vitest';
import { parseFilter } from '../../src/scim/filter.ts';
import { maxFilterDepth, maxFilterLength, maxFilterTerms } from '../../src/scim/filter-limits.ts';
import { printFilter } from '../../src/scim/print-filter.ts';
import { groupResourceType, userResourceType } from '../../src/scim/resource-types.ts';
import { quickest } from '../support/quickest.ts';
import { refusal } from './refusal.ts';

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const core = 'urn:ietf:params:scim:schemas:core:2.0:User';

/** The tree in its printed form, which shows names resolved, operators in lower case and groups made explicit. */
function reading(text: string): string {
  return printFilter(parseFilter(text, userResourceType));
}

describe('a filter of RFC 7644 section 3.4.2.2 is read', () => {
  test.each([
    // Figure 2 of the RFC.
    ['userName eq "bjensen"', 'userName eq "bjensen"'],
    ['name.familyName co "O\'Malley"', 'name.familyName co "O\'Malley"'],
    ['userName sw "J"', 'userName sw "J"'],
    [`${core}:userName sw "J"`, 'userName sw "J"'],
    ['title pr', 'title pr'],
    ['meta.lastModified gt "2011-05-13T04:42:34Z"', 'meta.lastModified gt "2011-05-13T04:42:34Z"'],
    ['title pr and userType eq "Employee"', 'title pr and userType eq "Employee"'],
    ['title pr or userType eq "Intern"', 'title pr or userType eq "Intern"'],
    [
      'userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")',
      'userType eq "Employee" and (emails.value co "example.com" or emails.value co "example.org")',
    ],
    [
      'userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")',
      'userType ne "Employee" and not (emails.value co "example.com" or emails.value co "example.org")',
    ],
    ['userType eq "Employee" and (emails.type eq "work")', 'userType eq "Employee" and emails.type eq "work"'],
    [
      'userType eq "Employee" and emails[type eq "work" and value co "@example.com"]',
      'userType eq "Employee" and emails[type eq "work" and value co "@example.com"]',
    ],
    [
      'emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]',
      'emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]',
    ],
    // Names and operators are not case sensitive (RFC 7643 section 2.1, RFC 7644 section 3.4.2.2).
    ['USERNAME Eq "x" AND Title PR', 'userName eq "x" and title pr'],
    [`${enterprise.toUpperCase()}:DEPARTMENT eq "x"`, `${enterprise}:department eq "x"`],
    // "and" binds tighter than "or"; "not" tighter than both.
    ['title pr or nickName pr and locale pr', 'title pr or nickName pr and locale pr'],
    ['(title pr or nickName pr) and locale pr', '(title pr or nickName pr) and locale pr'],
    ['not (title pr) and nickName pr', 'not (title pr) and nickName pr'],
    ['not(title pr)', 'not (title pr)'],
    ['((title pr))', 'title pr'],
    ['title pr and (nickName pr and locale pr)', 'title pr and nickName pr and locale pr'],
    // Values are JSON.
    ['displayName eq "a \\"quoted\\" \\\\ word \\u00e9"', 'displayName eq "a \\"quoted\\" \\\\ word é"'],
    ['displayName eq ""', 'displayName eq ""'],
    ['active eq true', 'active eq true'],
    ['title eq null', 'title eq null'],
    ['title ne NULL', 'title ne null'],
    // A complex attribute without a sub-attribute stands for its value.
    ['emails eq "a@b.example"', 'emails.value eq "a@b.example"'],
    [`${enterprise}:manager eq "26118915"`, `${enterprise}:manager.value eq "26118915"`],
    [`${enterprise}:manager.displayName co "x"`, `${enterprise}:manager.displayName co "x"`],
    ['name pr', 'name pr'],
    ['emails[not (primary eq true)]', 'emails[not (primary eq true)]'],
    ['meta.created lt "2026-01-01T00:00:00"', 'meta.created lt "2026-01-01T00:00:00Z"'],
    ['id eq "x" and schemas eq "urn:x"', 'id eq "x" and schemas eq "urn:x"'],
  ])('%s', (text, expected) => {
    expect(reading(text)).toBe(expected);
  });

  test('members of a group are found by the id alone', () => {
    expect(printFilter(parseFilter('id eq "g" and members eq "u"', groupResourceType))).toBe(
      'id eq "g" and members.value eq "u"',
    );
  });
});

describe('what providers write beyond the grammar is understood', () => {
  test.each([
    ['Entra: work e-mail', 'emails[type eq "work"].value eq "a@b"', 'emails[type eq "work" and value eq "a@b"]'],
    [
      'Entra: either type',
      'emails[type eq "work" or type eq "home"].value pr',
      'emails[(type eq "work" or type eq "home") and value pr]',
    ],
    [
      'Entra: boolean as text',
      'emails[primary eq "True"].value eq "a@b"',
      'emails[primary eq true and value eq "a@b"]',
    ],
    ['Microsoft, Ping: a bare word', 'userName eq bjensen', 'userName eq "bjensen"'],
    ['a bare address', '(userName eq bjensen@example.com)', 'userName eq "bjensen@example.com"'],
    ['a bare number for text', 'externalId eq 701984', 'externalId eq "701984"'],
    ['a bare time', 'meta.lastModified ge 2011-05-13T04:42:34Z', 'meta.lastModified ge "2011-05-13T04:42:34Z"'],
    ['text for a boolean', 'active eq "False"', 'active eq false'],
  ])('%s: %s', (_, text, expected) => {
    expect(reading(text)).toBe(expected);
  });
});

describe('anything else is refused with invalidFilter and its position', () => {
  test.each([
    ['', 1, 'an attribute name'],
    ['userName', 9, 'an operator'],
    ['userName eq', 12, 'a value'],
    ['userName is "x"', 10, 'an operator'],
    ['userName eq "x', 13, 'no closing quote'],
    ['userName eq "\\x"', 13, 'invalid escape'],
    ['userName eq "\\u0000"', 13, 'invalid escape'],
    ["userName eq 'x'", 13, 'double quotes'],
    ['userName eq "x" title pr', 17, 'the end, "and" or "or"'],
    ['displayName eq Foo Bar', 20, 'the end, "and" or "or"'],
    ['(userName eq "x"', 17, '")"'],
    ['userName eq "x")', 16, 'the end'],
    ['userName eq "x" and', 20, 'an attribute name'],
    ['not userName eq "x"', 5, '"(" after "not"'],
    ['shoeSize eq 12', 1, 'is not an attribute of User'],
    ['department eq "x"', 1, `did you mean "${enterprise}:department"`],
    ['name.shoeSize eq 12', 1, 'is not an attribute of User'],
    ['urn:x:y:2.0:User:tag eq "x"', 1, 'is not an attribute of User'],
    ['__proto__ eq "x"', 1, 'is not an attribute of User'],
    ['constructor.prototype eq "x"', 1, 'is not an attribute of User'],
    ['emails[shoeSize eq "x"]', 8, 'no sub-attribute'],
    ['emails[type eq "work"', 22, '"]"'],
    ['emails[type eq "work"].shoeSize eq "x"', 24, 'no sub-attribute'],
    ['emails[type eq "work"].value', 29, 'an operator'],
    ['emails[addresses[type eq "x"]]', 8, 'no sub-attribute'],
    ['title[value eq "x"]', 1, 'no sub-attributes'],
    ['name eq "x"', 1, 'is complex'],
    ['addresses co "x"', 1, 'is complex'],
    ['password eq "secret"', 1, 'cannot be searched'],
    ['password pr', 1, 'cannot be searched'],
    // Types (RFC 7644 table 3): booleans have no order and no parts, times no parts, text is no number.
    ['active gt true', 11, 'no order'],
    ['active co "tr"', 11, 'does not work on'],
    ['active eq "yes"', 11, 'true or false'],
    ['active eq 1', 11, 'true or false'],
    ['meta.created co "2011"', 17, 'does not work on'],
    ['meta.created gt "yesterday"', 17, 'a time'],
    ['meta.created gt "2011-02-30T00:00:00Z"', 17, 'a time'],
    ['x509Certificates.value gt "AA"', 27, 'no order'],
    ['title gt null', 10, 'eq or ne null'],
  ])('%s', (text, position, reason) => {
    const error = refusal(() => parseFilter(text, userResourceType));
    expect(error).toMatchObject({ status: 400, scimType: 'invalidFilter' });
    expect(error.detail).toContain(`at character ${position}:`);
    expect(error.detail).toContain(reason);
  });
});

describe('the limits hold before any harm is done', () => {
  const nested = (depth: number): string => `${'('.repeat(depth)}title pr${')'.repeat(depth)}`;
  const terms = (count: number): string => Array.from({ length: count }, () => 'title pr').join(' or ');

  test('32 levels and 200 comparisons are accepted', () => {
    expect(reading(nested(maxFilterDepth))).toBe('title pr');
    expect(reading(terms(maxFilterTerms))).toBe(terms(maxFilterTerms));
  });

  test.each([
    ['33 levels', nested(maxFilterDepth + 1), 'nested deeper'],
    ['8,000 parentheses', '('.repeat(8000), 'nested deeper'],
    ['1,600 negations', 'not ('.repeat(1600), 'nested deeper'],
    ['10,000 parentheses', '('.repeat(10_000), `at most ${maxFilterLength}`],
    ['201 comparisons', terms(maxFilterTerms + 1), 'more than 200'],
    ['16 kB', `userName eq "${'x'.repeat(16_384)}"`, `at most ${maxFilterLength}`],
  ])('%s are refused', async (_, text, reason) => {
    const { ms, result: error } = await quickest(50, () => refusal(() => parseFilter(text, userResourceType)));
    expect(error.scimType).toBe('invalidFilter');
    expect(error.detail).toContain(reason);
    expect(ms).toBeLessThan(50);
  });
});
