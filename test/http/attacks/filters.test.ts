/**
 * A9: filters that cannot be understood, or are meant to cost, and texts that mean something to SQL.
 * A10: pages without measure.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { quickest } from '../../support/quickest.ts';
import { startService, type TestOrganization, type TestService } from '../../support/service.ts';

let service: TestService;
let acme: TestOrganization;
beforeAll(async () => {
  service = await startService({ engine: 'postgres' });
  acme = await service.organization({ userNameFormat: 'any' });
  for (const name of ['ada', `o'brien`, '100%', 'a_b', 'back\\slash', 'quo"te', 'axb']) await acme.user(name);
  await acme.group('Engineering');
});
afterAll(() => service.close());

interface List {
  totalResults: number;
  startIndex: number;
  itemsPerPage: number;
  Resources: { userName: string }[];
}
const list = (query: Record<string, string>, collection = '/Users') =>
  acme.scim<List & { scimType?: string }>('GET', `${collection}?${new URLSearchParams(query).toString()}`);

/** What a filter may take before it is refused; 50 ms on a machine of one's own. */
const refusedWithinMs = 250;

describe('A9: a filter that is not understood is 400 invalidFilter, at once, never the whole list', () => {
  const filters: [name: string, filter: string][] = [
    ['nothing', ''],
    ['a blank', ' '],
    ['a name alone', 'userName'],
    ['no value', 'userName eq'],
    ['no attribute', 'eq "ada"'],
    ['an unknown attribute', 'shoeSize eq "x"'],
    ['an unknown operator', 'userName is "ada"'],
    ['an operator of SQL', 'userName = "ada"'],
    ['two operators', 'userName eq eq "ada"'],
    ['an unterminated text', 'userName eq "ada'],
    ['a text in single quotes', `userName eq 'ada'`],
    ['an unterminated escape', 'userName eq "ada\\'],
    ['a bad escape', 'userName eq "a\\x"'],
    ['a bad unicode escape', 'userName eq "\\u00g0"'],
    ['an unbalanced (', '(userName eq "ada"'],
    ['an unbalanced )', 'userName eq "ada")'],
    ['an unbalanced [', 'emails[type eq "work"'],
    ['nothing inside', '()'],
    ['nothing to negate', 'not'],
    ['not without parentheses', 'not userName eq "ada"'],
    ['and at the end', 'userName eq "ada" and'],
    ['or at the start', 'or userName eq "ada"'],
    ['two filters', 'userName eq "ada" userName eq "bob"'],
    ['a comment of SQL', 'userName eq "ada" -- '],
    ['a statement of SQL', 'userName eq "ada"; DROP TABLE users'],
    ['a union', `userName eq "ada" UNION SELECT`],
    ['a column of ours', 'user_name eq "ada"'],
    ['another column of ours', 'organization_id pr'],
    ['a reserved name', '__proto__ pr'],
    ['a reserved name in a path', 'name.constructor pr'],
    ['a password', 'password eq "secret"'],
    ['an order of booleans', 'active gt true'],
    ['a NUL', 'userName eq "a\u0000b"'],
    ['a NUL, escaped', 'userName eq "a\\u0000b"'],
    ['10,000 parentheses', `${'('.repeat(5_000)}userName pr${')'.repeat(5_000)}`],
    ['5,000 open parentheses', '('.repeat(5_000)],
    ['33 levels', `${'('.repeat(33)}userName pr${')'.repeat(33)}`],
    ['500 negations', `${'not ('.repeat(500)}userName pr${')'.repeat(500)}`],
    ['500 terms', Array.from({ length: 500 }, (_, i) => `userName eq "u${i}"`).join(' or ')],
    ['many ways to read it', Array.from({ length: 200 }, () => '(userName pr or active pr)').join(' and ')],
    ['12 kB of text', `userName eq "${'x'.repeat(12_000)}"`],
    ['12 kB of blanks', `userName${' '.repeat(12_000)}eq "ada"`],
    ['12 kB of a name', `${'a.'.repeat(6_000)}b pr`],
    ['12 kB of backslashes', `userName eq "${'\\'.repeat(12_000)}"`],
    ['nested value paths', `emails[emails[emails[type eq "x"]]]`],
  ];

  test.each(filters)('%s', async (_, filter) => {
    for (const collection of ['/Users', '/Groups']) {
      const { ms, result } = await quickest(refusedWithinMs, () => list({ filter }, collection));
      const { status, body } = result;
      expect(ms).toBeLessThan(refusedWithinMs);
      expect({ status, scimType: body.scimType }).toEqual({ status: 400, scimType: 'invalidFilter' });
    }
  });

  test('in the body of a search it may be larger, and is refused as soon', async () => {
    for (const filter of ['('.repeat(100_000), `userName eq "${'x'.repeat(1_000_000)}"`, 'not '.repeat(100_000)]) {
      const schemas = ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'];
      const { ms, result } = await quickest(1_000, () => acme.scim('POST', '/Users/.search', { schemas, filter }));
      const { status, body } = result;
      expect(ms).toBeLessThan(1_000);
      expect({ status, scimType: body['scimType'] }).toEqual({ status: 400, scimType: 'invalidFilter' });
    }
  });
});

describe('A9: what means something to SQL is literal in a filter', () => {
  test.each<[filter: string, found: string[]]>([
    [`userName eq "o'brien"`, [`o'brien`]],
    [`userName co "'"`, [`o'brien`]],
    [`userName eq "' OR '1'='1"`, []],
    ['userName co "%"', ['100%']],
    ['userName sw "%"', []],
    ['userName ew "%"', ['100%']],
    ['userName co "_"', ['a_b']],
    ['userName eq "a_b"', ['a_b']],
    ['userName sw "a_"', ['a_b']],
    ['userName co "\\\\"', ['back\\slash']],
    ['userName co "\\\\%"', []],
    ['userName co "\\""', ['quo"te']],
    ['userName eq "$1"', []],
    ['userName eq "ada\u0027; --"', []],
    ['userName co "${1}"', []],
  ])('%s', async (filter, found) => {
    const { status, body } = await list({ filter });
    expect(status, JSON.stringify(body)).toBe(200);
    expect(body.Resources.map(({ userName }) => userName).toSorted()).toEqual(found);
  });
});

describe('A10: a page is bounded', () => {
  test.each<[query: Record<string, string>, itemsPerPage: number, startIndex: number]>([
    [{ count: '1000000000' }, 7, 1],
    [{ count: '99999999999999999999' }, 7, 1],
    [{ count: '-1' }, 0, 1],
    [{ count: '-99999999999999999999' }, 0, 1],
    [{ count: '0' }, 0, 1],
    [{ startIndex: '0' }, 7, 1],
    [{ startIndex: '-5' }, 7, 1],
    [{ startIndex: '7', count: '5' }, 1, 7],
    [{ startIndex: '1000000000' }, 0, 1_000_000_000],
  ])('%j', async (query, itemsPerPage, startIndex) => {
    const { status, body } = await list(query);
    expect(status).toBe(200);
    expect(body.totalResults).toBe(7);
    expect(body.Resources).toHaveLength(itemsPerPage);
    expect(body.startIndex).toBe(startIndex);
  });

  test.each(
    ['count', 'startIndex'].flatMap((name) =>
      ['x', '1e9x', '', 'NaN', '0x10', '1;2', "1' OR '1'='1", '[1]'].map((value) => [name, value] as const),
    ),
  )('%s=%s is 400 invalidValue', async (name, value) => {
    const { status, body } = await list({ [name]: value });
    if (value === '' && status === 200) return; // an empty parameter may count as none
    expect({ status, scimType: body.scimType }).toEqual({ status: 400, scimType: 'invalidValue' });
  });
});
