import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startService, type TestOrganization, type TestService } from '../../support/service.ts';

const searchRequest = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';
const user = 'urn:ietf:params:scim:schemas:core:2.0:User';
const group = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

interface List {
  schemas: string[];
  totalResults: number;
  startIndex?: number;
  itemsPerPage: number;
  Resources: { id: string; userName?: string; displayName?: string; meta?: { resourceType: string } }[];
}

let service: TestService;
let acme: TestOrganization;
let adaId: string;

beforeAll(async () => {
  service = await startService({ engine: 'postgres' });
  acme = await service.organization();
  adaId = await acme.user('ada@acme.example', { displayName: 'Engineering', title: 'Boss' });
  await acme.user('bob@acme.example', { [enterprise]: { department: 'Sales' } });
  await acme.user('cyd@acme.example');
  await acme.group('Engineering', [adaId]);
  await acme.group('Sales');
  const other = await service.organization({ name: 'Other' });
  await other.user('eve@other.example');
});
afterAll(() => service.close());

const search = (path: string, body: object) =>
  acme.scim<List>('POST', `${path}/.search`, { schemas: [searchRequest], ...body });
const namesIn = ({ Resources }: List) => Resources.map(({ userName, displayName }) => userName ?? displayName);

describe('POST /.search of a collection asks what GET asks (RFC 7644 section 3.4.3)', () => {
  test.each([
    ['/Users', {}, '?'],
    ['/Users', { filter: 'userName sw "b"' }, '?filter=userName+sw+"b"'],
    [
      '/Users',
      { sortBy: 'userName', sortOrder: 'descending', count: 2 },
      '?sortBy=userName&sortOrder=descending&count=2',
    ],
    ['/Users', { startIndex: 2, count: 1 }, '?startIndex=2&count=1'],
    ['/Users', { count: 0 }, '?count=0'],
    ['/Users', { attributes: ['userName', 'title'] }, '?attributes=userName,title'],
    ['/Users', { excludedAttributes: ['meta'] }, '?excludedAttributes=meta'],
    ['/Groups', { filter: 'displayName eq "sales"' }, '?filter=displayName+eq+"sales"'],
    ['/Groups', { attributes: ['members'] }, '?attributes=members'],
  ])('%s %j', async (path, body, query) => {
    const [posted, got] = [await search(path, body), await acme.scim<List>('GET', `${path}${query}`)];
    expect(posted.status).toBe(200);
    expect(posted.headers.get('content-type')).toContain('application/scim+json');
    expect(posted.body).toEqual(got.body);
  });

  test.each([
    ['a filter that does not parse', { filter: 'userName eq' }, 'invalidFilter'],
    ['another message', { schemas: [user] }, 'invalidSyntax'],
    ['a count that is no number', { count: 'many' }, 'invalidValue'],
    ['two kinds of projection', { attributes: ['id'], excludedAttributes: ['meta'] }, 'invalidValue'],
  ])('%s is refused', async (_what, body, scimType) => {
    const answer = await acme.scim('POST', '/Users/.search', { schemas: [searchRequest], ...body });
    expect([answer.status, answer.body['scimType']]).toEqual([400, scimType]);
  });
});

describe('POST /.search of the root covers every resource type (RFC 7644 section 3.4.2.1)', () => {
  const everything = ['ada@acme.example', 'bob@acme.example', 'cyd@acme.example', 'Engineering', 'Sales'];

  test.each<[object, (string | undefined)[], number]>([
    [{}, everything, 5],
    [{ startIndex: 2, count: 3 }, ['bob@acme.example', 'cyd@acme.example', 'Engineering'], 5],
    [{ startIndex: 3, count: 1 }, ['cyd@acme.example'], 5],
    [{ startIndex: 4 }, ['Engineering', 'Sales'], 5],
    [{ startIndex: 5, count: 1 }, ['Sales'], 5],
    [{ startIndex: 6 }, [], 5],
    [{ count: 0 }, [], 5],
    [{ sortBy: 'displayName', sortOrder: 'descending', startIndex: 4 }, ['Sales', 'Engineering'], 5],
    // "For filtered attributes that are not part of a particular resource type, the service provider SHALL treat the
    // attribute as if there is no attribute value."
    [{ filter: 'userName pr' }, ['ada@acme.example', 'bob@acme.example', 'cyd@acme.example'], 3],
    [{ filter: 'members pr' }, ['Engineering'], 1],
    [{ filter: 'not (userName pr)' }, ['Engineering', 'Sales'], 2],
    [{ filter: 'userName eq "bob@acme.example" or displayName eq "sales"' }, ['bob@acme.example', 'Sales'], 2],
    [{ filter: 'displayName eq "engineering"' }, ['ada@acme.example', 'Engineering'], 2],
    [{ filter: 'emails[type eq "work"] or members[value pr]' }, ['Engineering'], 1],
    [{ filter: `${enterprise}:department eq "sales"` }, ['bob@acme.example'], 1],
    [{ filter: `${group}:displayName eq "engineering"` }, ['Engineering'], 1],
    [{ filter: 'meta.resourceType eq "Group"' }, ['Engineering', 'Sales'], 2],
    [{ filter: 'userName ne "x"' }, everything, 5],
  ])('%j', async (body, names, totalResults) => {
    const answer = await search('', body);
    expect(answer.status).toBe(200);
    expect({ names: namesIn(answer.body), totalResults: answer.body.totalResults }).toEqual({ names, totalResults });
    expect(answer.body.itemsPerPage).toBe(names.length);
  });

  test('each resource is shown as its own collection shows it', async () => {
    const { body } = await search('', {});
    const [users, groups] = [await acme.scim<List>('GET', '/Users'), await acme.scim<List>('GET', '/Groups')];
    expect(body.Resources).toEqual([...users.body.Resources, ...groups.body.Resources]);
  });

  test('a name that no resource type has is refused', async () => {
    const answer = await acme.scim('POST', '/.search', { schemas: [searchRequest], filter: 'shoeSize eq 42' });
    expect([answer.status, answer.body['scimType']]).toEqual([400, 'invalidFilter']);
  });

  test('cursors are refused, saying where they work', async () => {
    const answer = await acme.scim('POST', '/.search', { schemas: [searchRequest], cursor: '' });
    expect([answer.status, answer.body['detail']]).toEqual([400, expect.stringContaining('/Users and /Groups')]);
  });
});

test.each(['/.search', '/Users/.search', '/Groups/.search'])('GET %s answers 405 and names POST', async (path) => {
  const answer = await acme.scim('GET', path);
  expect([answer.status, answer.headers.get('allow'), answer.body['status']]).toEqual([405, 'POST', '405']);
});
