import fc from 'fast-check';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeCursor } from '../../../src/http/scim/page-cursor.ts';
import { startService, type TestOrganization, type TestService } from '../../support/service.ts';

interface List {
  totalResults: number;
  startIndex?: number;
  itemsPerPage: number;
  nextCursor?: string;
  previousCursor?: string;
  Resources: { id: string; userName: string }[];
}

let service: TestService;
let acme: TestOrganization;
let other: TestOrganization;
const titles = ['Boss', undefined, 'clerk', 'boss', undefined, 'Aide', 'Zoo'];

beforeAll(async () => {
  service = await startService({ engine: 'postgres' });
  acme = await service.organization();
  other = await service.organization({ name: 'Other' });
  for (const [index, title] of titles.entries()) {
    const attributes = { ...(title === undefined ? {} : { title }), active: index % 2 === 0 };
    await acme.user(`u${index}@acme.example`, attributes);
  }
  for (const name of ['A', 'B', 'C']) await acme.group(name);
});
afterAll(() => service.close());

const get = (path: string, organization = acme) => organization.scim<List>('GET', path);

async function walk(path: string): Promise<{ pages: List[]; ids: string[] }> {
  const pages: List[] = [];
  let cursor: string | undefined = '';
  while (cursor !== undefined) {
    const { body }: { body: List } = await get(`${path}&cursor=${cursor}`);
    pages.push(body);
    cursor = body.nextCursor;
  }
  return { pages, ids: pages.flatMap(({ Resources }) => Resources.map(({ id }) => id)) };
}

describe('walking by cursor gives the list that one page would give (RFC 9865 section 2)', () => {
  test.each([
    '/Users?count=2',
    '/Users?count=3&sortBy=title',
    '/Users?count=2&sortBy=title&sortOrder=descending',
    '/Users?count=2&sortBy=active',
    '/Users?count=1&sortBy=meta.created&sortOrder=descending',
    '/Users?count=2&sortBy=userName&filter=title+pr',
    '/Users?count=2&sortBy=id',
    '/Users?count=7',
    '/Groups?count=2&sortBy=displayName&sortOrder=descending',
  ])('%s', async (path) => {
    const { pages, ids } = await walk(path);
    const all = await get(path.replace(/count=\d+/, 'count=100'));
    expect(ids).toEqual(all.body.Resources.map(({ id }) => id));
    for (const page of pages) {
      expect(page.totalResults).toBe(ids.length);
      expect(page.itemsPerPage).toBe(page.Resources.length);
      expect(page).not.toHaveProperty('startIndex');
    }
    expect(pages[0]).not.toHaveProperty('previousCursor');
    // "The cursor value MUST be composed of unreserved characters" (RFC 3986 section 2.3).
    for (const { nextCursor = '' } of pages) expect(nextCursor).toMatch(/^[\w.~-]*$/);
  });

  test('previousCursor walks the same list backwards', async () => {
    const { pages } = await walk('/Users?count=2&sortBy=title');
    let page = pages.at(-1);
    for (const expected of pages.toReversed().slice(1)) {
      page = (await get(`/Users?count=2&sortBy=title&cursor=${page?.previousCursor ?? ''}`)).body;
      expect(page.Resources).toEqual(expected.Resources);
      expect(page.nextCursor).toBeDefined();
    }
    expect(page).not.toHaveProperty('previousCursor');
  });

  test('/.search takes the cursor in its body', async () => {
    const first = (await get('/Users?count=3&cursor=')).body;
    const second = await acme.scim<List>('POST', '/Users/.search', { count: 3, cursor: first.nextCursor });
    expect(second.body.Resources).toEqual(
      (await get(`/Users?count=3&cursor=${first.nextCursor ?? ''}`)).body.Resources,
    );
  });

  test('ServiceProviderConfig says so', async () => {
    const { body } = await acme.scim('GET', '/ServiceProviderConfig');
    expect(body['pagination']).toEqual({
      cursor: true,
      index: true,
      defaultPaginationMethod: 'index',
      defaultPageSize: 100,
      maxPageSize: 500,
      cursorTimeout: 3600,
    });
  });
});

describe('a cursor that is not good for this list is refused', () => {
  const scope = {
    resourceType: 'User',
    filter: '',
    sortBy: '',
    sortOrder: 'ascending',
    keyType: undefined,
  };
  const position = {
    direction: 'forward' as const,
    inclusive: false,
    key: null,
    id: '01900000-0000-7000-8000-000000000001',
  };
  const issued = (secondsAgo: number) =>
    encodeCursor(position, new Date(Date.now() - secondsAgo * 1000), { ...scope, organizationId: acme.id });
  const given = async () => (await get('/Users?count=2&cursor=')).body.nextCursor ?? '';

  test.each<[string, () => string | Promise<string>, string, string]>([
    ['garbage', () => 'abc', '', 'invalidCursor'],
    ['characters that no cursor has', () => '%20%00', '', 'invalidCursor'],
    ['an id instead', () => position.id, '', 'invalidCursor'],
    ['a changed one', async () => `${(await given()).slice(0, -2)}AA`, '', 'invalidCursor'],
    ['a longer one', async () => `${await given()}A`, '', 'invalidCursor'],
    ['one of another filter', given, '&filter=title+pr', 'invalidCursor'],
    ['one of another sort', given, '&sortBy=title', 'invalidCursor'],
    ['one of another order', given, '&sortOrder=descending', 'invalidCursor'],
    ['one that has just expired', () => issued(3_700), '', 'expiredCursor'],
    // "Count value must be between 1 and the service provider's maxPageSize."
    ['a count of 0', given, '&count=0', 'invalidCount'],
    ['a negative count', given, '&count=-1', 'invalidCount'],
    ['a count over maxPageSize', given, '&count=501', 'invalidCount'],
    ['a count that is no number', () => '', '&count=x', 'invalidCount'],
    ['startIndex beside it', given, '&startIndex=1', 'invalidValue'],
  ])('%s', async (_what, cursor, more, scimType) => {
    const answer = await acme.scim('GET', `/Users?cursor=${await cursor()}${more}`);
    expect([answer.status, answer.body['status'], answer.body['scimType']]).toEqual([400, '400', scimType]);
  });

  test('one of another collection, or of another organization', async () => {
    expect((await acme.scim('GET', `/Groups?cursor=${await given()}`)).body['scimType']).toBe('invalidCursor');
    expect((await other.scim('GET', `/Users?cursor=${await given()}`)).body['scimType']).toBe('invalidCursor');
  });

  test('one that is nearly an hour old is good', async () => {
    expect((await get(`/Users?cursor=${issued(3_500)}`)).status).toBe(200);
  });

  test('a position that somebody made up is no server error', async () => {
    const made = { ...scope, organizationId: acme.id, sortBy: 'active', keyType: 'numeric' as const };
    for (const key of ['x', '1e5', 'NaN', '\0']) {
      const cursor = encodeCursor({ ...position, key }, new Date(), made);
      expect((await acme.scim('GET', `/Users?sortBy=active&cursor=${cursor}`)).body['scimType']).toBe('invalidCursor');
    }
  });
});

test('whatever is added and removed on the way, who stays is met exactly once, in both directions', async () => {
  const organization = await service.organization({ name: 'Moving' });
  let serial = 0;
  const add = async (title: string | undefined): Promise<string> => {
    serial += 1;
    return organization.user(`m${serial}@moving.example`, title === undefined ? {} : { title });
  };
  const title = fc.constantFrom(undefined, 'a', 'A', 'b', 'c');
  const change = fc.oneof(
    fc.record({ kind: fc.constant('add' as const), title }),
    // Which of those present, as a share of their number; the resource at the cursor among them.
    fc.record({ kind: fc.constant('remove' as const), share: fc.double({ min: 0, max: 0.999, noNaN: true }) }),
  );
  const { db } = service;

  await fc.assert(
    fc.asyncProperty(
      fc.array(title, { minLength: 4, maxLength: 9 }),
      fc.array(fc.array(change, { maxLength: 3 }), { minLength: 8, maxLength: 8 }),
      fc.constantFrom('', '&sortBy=title', '&sortBy=title&sortOrder=descending'),
      fc.integer({ min: 1, max: 3 }),
      async (initial, changes, sort, count) => {
        await db.query(sql`DELETE FROM users WHERE organization_id = ${organization.id}`);
        const present = new Set<string>();
        for (const each of initial) present.add(await add(each));
        const stayed = new Set(present);
        const step = async (index: number): Promise<void> => {
          for (const each of changes[index % changes.length] ?? []) {
            if (each.kind === 'add') present.add(await add(each.title));
            else {
              const id = [...present][Math.floor(each.share * present.size)];
              if (id === undefined) continue;
              await organization.scim('DELETE', `/Users/${id}`);
              present.delete(id);
              stayed.delete(id);
            }
          }
        };
        const seen: string[] = [];
        let cursor: string | undefined = '';
        let lastPage: List | undefined;
        // Additions may lengthen the way, but not for ever: changes stop after as many pages as there are lists of them.
        for (let index = 0; cursor !== undefined; index += 1) {
          const page: List = (await get(`/Users?count=${count}${sort}&cursor=${cursor}`, organization)).body;
          seen.push(...page.Resources.map(({ id }) => id));
          lastPage = page;
          cursor = page.nextCursor;
          if (index < changes.length) await step(index);
        }
        expect(new Set(seen).size).toBe(seen.length);
        expect(seen.filter((id) => stayed.has(id))).toHaveLength(stayed.size);

        // Back again, now undisturbed: exactly what lies before the last page.
        const back: string[] = [];
        const before = new Set((lastPage?.Resources ?? []).map(({ id }) => id));
        let previous = lastPage?.previousCursor;
        while (previous !== undefined) {
          const page: List = (await get(`/Users?count=${count}${sort}&cursor=${previous}`, organization)).body;
          back.unshift(...page.Resources.map(({ id }) => id));
          previous = page.previousCursor;
        }
        const all = (await get(`/Users?count=100${sort}`, organization)).body.Resources.map(({ id }) => id);
        const tail = all.filter((id) => !back.includes(id));
        expect([...back, ...tail]).toEqual(all);
        expect([...before].filter((id) => back.includes(id))).toEqual([]);
      },
    ),
    { numRuns: 25, seed: 11 },
  );
});
