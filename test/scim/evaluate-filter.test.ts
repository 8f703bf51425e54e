import { describe, expect, test } from 'vitest';
import { matchesFilter } from '../../src/scim/evaluate-filter.ts';
import { parseFilter } from '../../src/scim/filter.ts';
import { compareText, foldCase } from '../../src/scim/fold-case.ts';
import { userResourceType } from '../../src/scim/resource-types.ts';

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

const user = {
  id: '2819c223-7f76-453a-919d-413861904646',
  externalId: 'aBc',
  userName: 'BJensen@example.com',
  displayName: 'Babs Jensen',
  title: '',
  nickName: '100%_\\',
  active: true,
  name: { familyName: 'Jensen', givenName: 'Barbara' },
  emails: [
    { value: 'bjensen@example.com', type: 'work', primary: true },
    { value: 'babs@jensen.org', type: 'home' },
  ],
  meta: { created: '2010-01-23T04:56:22Z', lastModified: '2011-05-13T04:42:34.123Z' },
  [enterprise]: { department: 'Tours', manager: { value: '26118915' } },
};

function holds(filter: string): boolean {
  return matchesFilter(parseFilter(filter, userResourceType), user);
}

describe('a filter holds or does not', () => {
  test.each([
    // userName is not case exact, id and externalId are (RFC 7643 sections 3.1 and 4.1.1).
    ['userName eq "bjensen@EXAMPLE.com"', true],
    ['externalId eq "aBc"', true],
    ['externalId eq "abc"', false],
    ['id eq "2819C223-7f76-453a-919d-413861904646"', false],
    ['userName sw "bj"', true],
    ['userName ew ".COM"', true],
    ['userName co "EN@"', true],
    ['userName sw "jensen"', false],
    // Nothing in a value is a wildcard.
    ['nickName co "%_"', true],
    ['nickName sw "1_0"', false],
    ['nickName ew "\\\\"', true],
    // Order.
    ['name.familyName gt "Jens"', true],
    ['name.familyName ge "jensen"', true],
    ['name.familyName lt "JENSEN"', false],
    ['name.familyName le "k"', true],
    // Times are compared as times, not as text.
    ['meta.lastModified gt "2011-05-13T06:42:34+02:00"', true],
    ['meta.lastModified eq "2011-05-13T04:42:34.1230Z"', true],
    ['meta.lastModified lt "2011-05-13T04:42:34Z"', false],
    // Booleans.
    ['active eq true', true],
    ['active ne true', false],
    ['active eq false', false],
    // Presence: RFC 7644 table 3 wants a value that is not empty.
    ['displayName pr', true],
    ['title pr', false],
    ['locale pr', false],
    ['emails pr', true],
    ['name pr', true],
    ['addresses pr', false],
    ['title eq null', true],
    ['displayName eq null', false],
    ['displayName ne null', true],
    // Absent: "ne" and "not (eq)" hold, every other comparison does not.
    ['locale ne "en"', true],
    ['not (locale eq "en")', true],
    ['locale eq "en"', false],
    ['locale lt "z"', false],
    ['locale co ""', false],
    // Several values: one that satisfies is enough; "ne" is the opposite of "eq".
    ['emails.value eq "babs@jensen.org"', true],
    ['emails.value ew "@jensen.org"', true],
    ['emails.value ne "babs@jensen.org"', false],
    ['emails.type ne "other"', true],
    // A value path wants one element that satisfies all of it.
    ['emails[type eq "home" and value co "@jensen.org"]', true],
    ['emails[type eq "work" and value co "@jensen.org"]', false],
    ['emails.type eq "work" and emails.value co "@jensen.org"', true],
    ['emails[primary ne true]', true],
    ['emails[type eq "home" and primary pr]', false],
    ['emails[not (type eq "work" or type eq "home")]', false],
    ['addresses[type eq "work"]', false],
    ['not (addresses[type eq "work"])', true],
    ['name[familyName eq "jensen"]', true],
    [`${enterprise}:department eq "tours"`, true],
    [`${enterprise}:manager eq "26118915"`, true],
    [`${enterprise}:costCenter pr`, false],
    // Precedence.
    ['locale pr or active eq true and displayName pr', true],
    ['(locale pr or active eq true) and title pr', false],
    ['not (locale pr) and active eq true', true],
  ])('%s: %s', (filter, expected) => {
    expect(holds(filter)).toBe(expected);
  });
});

describe('text is compared as SQL compares it', () => {
  test.each([
    ['ÄRGER', 'ärger'],
    ['ΑΣ', 'ασ'],
    ['İ', 'i'],
    ['straße', 'straße'],
    ['𐐀', '𐐨'],
  ])('%s folds to %s, code point by code point', (text, folded) => {
    expect(foldCase(text)).toBe(folded);
  });

  test('order is by code point, so an astral character comes after U+FFFD', () => {
    expect(compareText('\u{1f600}', '\ufffd')).toBeGreaterThan(0);
    expect(compareText('a', 'ab')).toBeLessThan(0);
    expect(compareText('é', 'é')).toBe(0);
  });
});
