import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startService, type TestOrganization, type TestService } from '../../support/service.ts';

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const password = 'correct horse battery staple';

interface Meta {
  created: string;
  lastModified: string;
  location: string;
  version: string;
}
interface Resource {
  id: string;
  meta: Meta;
}

let service: TestService;
let organization: TestOrganization;
let bossId: string;
let userId: string;
let groupId: string;

beforeAll(async () => {
  service = await startService({ engine: 'postgres' });
  organization = await service.organization();
  bossId = await organization.user('boss@conformance.example');
  userId = await organization.user('ada@conformance.example', { [enterprise]: { manager: { value: bossId } } });
  groupId = await organization.group('Engineering', [userId]);
});
afterAll(() => service.close());

/** Every address that a JSON value holds below the base URL, as a path there. */
function referencesIn(value: unknown): string[] {
  const found = JSON.stringify(value).matchAll(/"(?:\$ref|location)":"[^"]*\/v2(\/[^"]+)"/g);
  return [...new Set([...found].map(([, path]) => path ?? ''))];
}

// RFC 7643 section 2.3.7: "the URI MUST be accessible"; section 3.1: location is the address of the resource.
test.each([
  ['a user', () => `/Users/${userId}`, () => [`/Users/${userId}`, `/Groups/${groupId}`]],
  ['a group', () => `/Groups/${groupId}`, () => [`/Groups/${groupId}`, `/Users/${userId}`]],
  ['the list of users', () => '/Users', () => [`/Users/${userId}`, `/Users/${bossId}`]],
  ['the schemas', () => '/Schemas', () => [`/Schemas/${enterprise}`]],
  ['the resource types', () => '/ResourceTypes', () => ['/ResourceTypes/User', '/ResourceTypes/Group']],
  ['the configuration', () => '/ServiceProviderConfig', () => ['/ServiceProviderConfig']],
])('every reference that is given out leads to the resource: %s', async (_what, path, leastReferences) => {
  const references = referencesIn((await organization.scim('GET', path())).body);
  expect(references).toEqual(expect.arrayContaining(leastReferences()));
  for (const reference of references) {
    const { status, body } = await organization.scim<Resource>('GET', reference);
    expect([status, referencesIn({ location: body.meta.location })]).toEqual([200, [reference]]);
  }
});

// RFC 7643 section 3.1: never modified since its creation, "the value MUST be the same as the value of created".
test.each([
  ['/Users', { userName: 'new@conformance.example' }, { op: 'add', path: 'title', value: 'New' }],
  ['/Groups', { displayName: 'New' }, { op: 'replace', path: 'displayName', value: 'Newer' }],
])('lastModified is created until the first change: %s', async (collection, attributes, operation) => {
  const { id, meta } = (await organization.scim<Resource>('POST', collection, attributes)).body;
  expect(meta.lastModified).toBe(meta.created);
  await organization.scim('PATCH', `${collection}/${id}`, { Operations: [operation] });
  const changed = (await organization.scim<Resource>('GET', `${collection}/${id}`)).body;
  expect(changed.meta.created).toBe(meta.created);
  expect(Date.parse(changed.meta.lastModified)).toBeGreaterThanOrEqual(Date.parse(meta.created));
  expect(changed.meta.version).not.toBe(meta.version);
});

// RFC 7644 section 3.3: 201, the Location header, and the representation of what was created; section 3.14: the ETag.
test.each([
  ['/Users', { userName: 'whole@conformance.example', title: 'Whole', emails: [{ value: 'w@conformance.example' }] }],
  ['/Groups', { displayName: 'Whole', externalId: 'whole' }],
])('201 has the whole resource, and Location and ETag that agree with meta: %s', async (collection, attributes) => {
  const { status, headers, body } = await organization.scim<Resource>('POST', collection, attributes);
  expect([status, body]).toEqual([201, expect.objectContaining(attributes)]);
  expect(headers.get('location')).toBe(body.meta.location);
  expect(headers.get('etag')).toBe(body.meta.version);
  expect((await organization.scim('GET', `${collection}/${body.id}`)).body).toEqual(body);
});

// RFC 7644 section 3.13: the version is a part of the path.
test('the base URL that is handed out ends in /v2', async () => {
  const { body } = await service.admin('POST', `/organizations/${organization.id}/scim-tokens/rotate`);
  expect(body['baseUrl']).toBe(`http://rollcall.test/api/v1/scim/${organization.id}/v2`);
});

// RFC 7643 section 4.1.1: the clear text is hashed or encrypted when stored; we keep none of it.
test('a password is neither returned, stored nor logged', async () => {
  const created = await organization.scim<Resource>('POST', '/Users', {
    userName: 'secret@conformance.example',
    password,
  });
  const path = `/Users/${created.body.id}`;
  const answers = [
    created,
    await organization.scim('PUT', path, { userName: 'secret@conformance.example', password }),
    await organization.scim('PATCH', path, { Operations: [{ op: 'replace', path: 'password', value: password }] }),
    await organization.scim('PATCH', path, { Operations: [{ op: 'replace', value: { password } }] }),
    await organization.scim('GET', `${path}?attributes=password`),
    // A refused one leaves an entry that quotes it, too.
    await organization.scim('POST', '/Users', { userName: 'secret@conformance.example', password }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([201, 200, 200, 200, 200, 409]);
  const stored = await service.db.query(sql`
    SELECT to_jsonb(u) AS row FROM users u UNION ALL SELECT to_jsonb(l) FROM sync_logs l
    UNION ALL SELECT to_jsonb(j) FROM sync_jobs j`);
  expect(JSON.stringify([answers.map(({ body }) => body), stored, service.logLines])).not.toContain(password);
});

// RFC 7644 section 3.5.1: "if one or more values are already set, the input value(s) MUST match, or 400 'mutability'".
test('a PUT that changes an immutable value answers 400 mutability', async () => {
  const urn = 'urn:example:scim:conformance:2.0:User';
  const schemaPath = `/scim-schemas/${encodeURIComponent(urn)}`;
  await service.admin('PUT', schemaPath, {
    resourceType: 'User',
    name: 'Conformance',
    description: 'What is set once.',
    attributes: [{ name: 'origin', mutability: 'immutable' }],
  });
  try {
    const userName = 'immutable@conformance.example';
    const id = await organization.user(userName, { [urn]: { origin: 'north' } });
    const put = (origin: string) => organization.scim('PUT', `/Users/${id}`, { userName, [urn]: { origin } });
    expect((await put('north')).status).toBe(200);
    expect((await put('south')).body).toMatchObject({ status: '400', scimType: 'mutability' });
    expect((await organization.scim('GET', `/Users/${id}`)).body[urn]).toEqual({ origin: 'north' });
  } finally {
    await service.admin('DELETE', schemaPath);
  }
});
