import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startService, type TestOrganization, type TestService } from '../../support/service.ts';
import { startSecondProcess } from './second-process.ts';

const urn = 'urn:example:scim:acme:2.0:User';
const path = `/scim-schemas/${encodeURIComponent(urn)}`;
const definition = {
  resourceType: 'User',
  name: 'Acme',
  description: 'What Acme knows of a person.',
  attributes: [
    { name: 'badge', type: 'integer' },
    { name: 'hiredAt', type: 'dateTime' },
    { name: 'remote', type: 'boolean' },
    { name: 'clearance', returned: 'request', caseExact: true },
    { name: 'secret', returned: 'never' },
    { name: 'origin', mutability: 'immutable' },
    {
      name: 'skills',
      type: 'complex',
      multiValued: true,
      subAttributes: [{ name: 'value' }, { name: 'level', type: 'integer' }],
    },
  ],
};

interface List {
  totalResults: number;
  Resources: Record<string, unknown>[];
}

let service: TestService;
let acme: TestOrganization;
let domain: string;

beforeAll(async () => {
  service = await startService({ engine: 'postgres' });
});
beforeEach(async () => {
  acme = await service.organization();
  domain = `d${acme.id}.example`;
});
afterEach(async () => {
  await service.admin('DELETE', path);
});
afterAll(() => service.close());

async function register(changes: object = {}): Promise<void> {
  const answer = await service.admin('PUT', path, { ...definition, ...changes });
  expect([answer.status, answer.body['urn']]).toEqual([200, urn]);
}
const user = (name: string, acmeValues: object, more: object = {}) =>
  acme.user(`${name}@${domain}`, { ...more, [urn]: acmeValues });
const find = async (filter: string) => {
  const { status, body } = await acme.scim<List>('GET', `/Users?filter=${encodeURIComponent(filter)}`);
  return status === 200 ? body.Resources.map(({ id }) => id) : status;
};

describe('a registered extension schema', () => {
  test('is discoverable (RFC 7643 sections 6 and 7)', async () => {
    const before = await acme.scim<List>('GET', '/Schemas');
    await register();
    const after = await acme.scim<List>('GET', '/Schemas');
    expect(after.body.totalResults).toBe(before.body.totalResults + 1);
    const { body } = await acme.scim('GET', `/Schemas/${urn}`);
    expect(body).toMatchObject({ id: urn, name: 'Acme', meta: { resourceType: 'Schema' } });
    const attributes = body['attributes'] as Record<string, unknown>[];
    expect(attributes[0]).toEqual({
      name: 'badge',
      type: 'integer',
      multiValued: false,
      description: '',
      required: false,
      mutability: 'readWrite',
      returned: 'default',
      uniqueness: 'none',
    });
    const type = await acme.scim('GET', '/ResourceTypes/User');
    expect(type.body['schemaExtensions']).toContainEqual({ schema: urn, required: false });
    expect((await acme.scim('GET', '/ResourceTypes/Group')).body['schemaExtensions']).toEqual([]);
  });

  test('is used by parsing: types are coerced and checked, and schemas lists it', async () => {
    await register();
    const id = await user('ada', { BADGE: 7, remote: 'True' });
    const { body } = await acme.scim('GET', `/Users/${id}`);
    expect(body[urn]).toEqual({ badge: 7, remote: true });
    expect(body['schemas']).toContain(urn);
    const refused = await acme.scim('POST', '/Users', { userName: `x@${domain}`, [urn]: { badge: 'seven' } });
    expect([refused.status, refused.body['scimType']]).toEqual([400, 'invalidValue']);
    expect(refused.body['detail']).toContain(`${urn}:badge`);
  });

  test('is used by PATCH, with its mutability', async () => {
    await register();
    const id = await user('ada', { badge: 7, origin: 'X' });
    const patch = (...Operations: object[]) => acme.scim('PATCH', `/Users/${id}`, { Operations });
    const changed = await patch(
      { op: 'replace', path: `${urn}:badge`, value: 8 },
      { op: 'add', path: `${urn}:skills`, value: [{ value: 'sql', level: 3 }] },
      { op: 'replace', path: `${urn}:skills[value eq "sql"].level`, value: 4 },
    );
    expect(changed.body[urn]).toEqual({ badge: 8, origin: 'X', skills: [{ value: 'sql', level: 4 }] });
    const immutable = await patch({ op: 'replace', path: `${urn}:origin`, value: 'Y' });
    expect([immutable.status, immutable.body['scimType']]).toEqual([400, 'mutability']);
  });

  test('is used by filters and sorting', async () => {
    await register();
    const ada = await user('ada', { badge: 7, hiredAt: '2026-01-01T00:00:00Z', remote: true, clearance: 'A' });
    const bob = await user('bob', { badge: 40, hiredAt: '2025-12-31T23:00:00-02:00', skills: [{ value: 'sql' }] });
    expect(await find(`${urn}:badge gt 9`)).toEqual([bob]);
    expect(await find(`${urn}:hiredAt gt "2026-01-01T00:30:00Z"`)).toEqual([bob]);
    expect(await find(`${urn}:remote eq true`)).toEqual([ada]);
    expect(await find(`${urn}:clearance eq "a"`)).toEqual([]);
    expect(await find(`${urn}:skills[value eq "SQL"]`)).toEqual([bob]);
    const sorted = await acme.scim<List>('GET', `/Users?sortBy=${urn}:badge&sortOrder=descending`);
    expect(sorted.body.Resources.map(({ id }) => id)).toEqual([bob, ada]);
  });

  test('is used by projection', async () => {
    await register();
    const id = await user('ada', { badge: 7, clearance: 'A', secret: 'S' });
    const shown = async (query: string) => (await acme.scim('GET', `/Users/${id}${query}`)).body[urn];
    expect(await shown('')).toEqual({ badge: 7 });
    expect(await shown(`?attributes=${urn}:clearance`)).toEqual({ clearance: 'A' });
    expect(await shown(`?attributes=${urn}:secret`)).toBeUndefined();
    expect(await shown(`?excludedAttributes=${urn}`)).toBeUndefined();
  });

  test('for groups belongs to groups alone', async () => {
    await register({ resourceType: 'Group', attributes: [{ name: 'badge', type: 'integer' }] });
    const created = await acme.scim('POST', '/Groups', { displayName: 'Team', [urn]: { badge: '3' } });
    expect(created.status).toBe(400);
    await acme.scim('POST', '/Groups', { displayName: 'Team', [urn]: { badge: 3 } });
    const found = await acme.scim<List>('GET', `/Groups?filter=${urn}:badge+eq+3`);
    expect(found.body.totalResults).toBe(1);
    expect(await find(`${urn}:badge eq 3`)).toBe(400);
  });
});

describe('values that were stored before their URN was known', () => {
  test.each([
    ['a text for a number', { badge: 'seven' }],
    ['a number for a time', { hiredAt: 7 }],
    ['a text that is no time', { hiredAt: 'yesterday, or so' }],
    ['a list for a single value', { badge: [1, 2] }],
    ['an object for a single value', { remote: { is: true } }],
    ['a text for a complex value', { skills: 'sql' }],
    ['lists in lists', { skills: [['sql'], null, 3] }],
    ['nothing of the schema', { other: 1 }],
  ])('%s breaks no filter, and is given back', async (_what, values) => {
    const id = await user('ada', values);
    const good = await user('bob', { badge: 7, hiredAt: '2026-01-01T00:00:00Z', remote: true });
    await register();
    for (const filter of ['badge ge 1', 'hiredAt lt "2027-01-01T00:00:00Z"', 'remote eq true']) {
      expect(await find(`${urn}:${filter}`)).toContain(good);
    }
    expect(await find(`${urn}:skills[level gt 1] or ${urn}:skills.level gt 1 or ${urn}:skills eq "x"`)).toEqual([]);
    for (const sortBy of ['badge', 'hiredAt', 'remote', 'skills.level', 'skills']) {
      const sorted = await acme.scim<List>('GET', `/Users?count=1&cursor=&sortBy=${urn}:${sortBy}`);
      expect([sortBy, sorted.status, sorted.body.totalResults]).toEqual([sortBy, 200, 2]);
    }
    const before = (await acme.scim('GET', `/Users/${id}`)).body[urn];
    // A change of something else keeps them.
    await acme.scim('PATCH', `/Users/${id}`, { Operations: [{ op: 'replace', path: 'title', value: 'Boss' }] });
    expect((await acme.scim('GET', `/Users/${id}`)).body[urn]).toEqual(before);
    await service.admin('DELETE', path);
    expect((await acme.scim('GET', `/Users/${id}`)).body[urn]).toEqual(values);
  });
});

describe('a change of the registry', () => {
  test('holds in every process from the next request on, and costs other requests no query', async () => {
    let registryReads = 0;
    const second = await startSecondProcess(service, {
      ...service.db,
      query: (statement) => {
        if (statement.sql.includes('AS schemas')) registryReads += 1;
        return service.db.query(statement);
      },
    });
    try {
      const known = async () => (await second.fetch(acme, `/Schemas/${urn}`)).status;
      expect(await known()).toBe(404);
      await register();
      expect(await known()).toBe(200);
      expect((await second.fetch(acme, `/Users?filter=${urn}:badge+pr`)).status).toBe(200);
      const reads = registryReads;
      await Promise.all(Array.from({ length: 5 }, known));
      // The same again changes nothing, so nobody has to read it again.
      await register();
      expect(await known()).toBe(200);
      expect(registryReads).toBe(reads);
      await service.admin('DELETE', path);
      expect(await known()).toBe(404);
      expect((await second.fetch(acme, `/Users?filter=${urn}:badge+pr`)).status).toBe(400);
    } finally {
      await second.close();
    }
  });

  test('is told by the log of the service, with actor and request id', async () => {
    await register();
    await service.admin('DELETE', path);
    const lines = service.logLines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const changes = lines.filter(({ msg }) => msg === 'SCIM extension schema set').slice(-2);
    expect(changes).toMatchObject([
      { urn, outcome: 'created', actor: { type: 'admin' }, requestId: expect.any(String) as string },
      { urn, outcome: 'deleted', actor: { type: 'admin' }, requestId: expect.any(String) as string },
    ]);
  });
});
