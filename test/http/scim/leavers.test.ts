import { request } from 'node:http';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectNoDrift } from '../../support/access-oracle.ts';
import { startService, type TestOrganization, type TestService } from '../../support/service.ts';

const patch = (...operations: object[]) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: operations,
});
const deactivate = patch({ op: 'replace', path: 'active', value: false });

let service: TestService;
beforeAll(async () => {
  service = await startService({ engine: 'postgres' });
});
afterAll(() => service.close());

const access = (organization: TestOrganization, userId: string) =>
  service.db.query<{ origin: string }>(sql`
    SELECT origin FROM effective_access WHERE organization_id = ${organization.id} AND user_id = ${userId}`);

/** An organization with one user who has a workspace by group and by hand. */
async function withAccess() {
  const organization = await service.organization();
  const userId = await organization.user(`ada@${organization.id}.example`);
  const groupId = await organization.group('Engineering', [userId]);
  const workspaceId = await organization.workspace('Backend');
  await organization.mapping(groupId, { workspaceIds: [workspaceId], role: 'admin', confirm: true });
  await service.admin('PUT', `/organizations/${organization.id}/workspaces/${workspaceId}/members/${userId}`);
  await service.quiet();
  return { organization, userId, groupId, workspaceId };
}

test('deactivating ends all access in the very commit, whatever the workers do', async () => {
  const { organization, userId } = await withAccess();
  expect(await access(organization, userId)).toHaveLength(2);
  await organization.scim('PATCH', `/Users/${userId}`, deactivate);
  expect(await access(organization, userId)).toEqual([]);
});

test('reactivating gives back what groups and mappings say now, and manual grants', async () => {
  const { organization, userId, groupId } = await withAccess();
  const other = await organization.workspace('Frontend');
  await organization.scim('PATCH', `/Users/${userId}`, deactivate);
  await organization.mapping(groupId, { workspaceIds: [other], role: 'viewer', confirm: true });
  await service.quiet();
  await organization.scim('PATCH', `/Users/${userId}`, patch({ op: 'replace', path: 'active', value: true }));
  await service.quiet();
  await expectNoDrift(service.db, organization.id);
  const answer = await service.admin<{ role: string; workspaces: { name: string; origin: string }[] }>(
    'GET',
    `/organizations/${organization.id}/users/${userId}/access`,
  );
  expect(answer.body.role).toBe('viewer');
  expect(answer.body.workspaces.map(({ name, origin }) => `${name} ${origin}`).toSorted()).toEqual([
    'Backend manual',
    'Frontend directory',
  ]);
});

test('deleting a group takes its access from those who were in it', async () => {
  const { organization, userId, groupId } = await withAccess();
  await organization.scim('DELETE', `/Groups/${groupId}`);
  await service.quiet();
  expect(await access(organization, userId)).toEqual([{ origin: 'manual' }]);
  await expectNoDrift(service.db, organization.id);
});

test('a PUT of a group without members leaves them as they are, and the log says so', async () => {
  const { organization, userId, groupId } = await withAccess();
  await organization.scim('PUT', `/Groups/${groupId}`, { displayName: 'Engineers' });
  const group = await organization.scim<{ members: { value: string }[] }>('GET', `/Groups/${groupId}`);
  expect(group.body.members.map(({ value }) => value)).toEqual([userId]);
  const logs = await service.admin<{ items: { message: string }[] }>(
    'GET',
    `/organizations/${organization.id}/sync-logs?resourceId=${groupId}&action=UPDATE`,
  );
  expect(logs.body.items[0]?.message).toMatch(/Changed displayName. The request had no members attribute/);
});

test('a PUT of a user without active does not bring a leaver back', async () => {
  const { organization, userId } = await withAccess();
  await organization.scim('PATCH', `/Users/${userId}`, deactivate);
  const answer = await organization.scim('PUT', `/Users/${userId}`, { userName: `ada@${organization.id}.example` });
  expect(answer.body['active']).toBe(false);
});

describe('somebody whose stored name breaks a rule that came later can still be deactivated', () => {
  test('a login name from before the organization asked for addresses', async () => {
    const organization = await service.organization({ userNameFormat: 'any' });
    const userId = await organization.user('bjensen');
    await service.admin('PATCH', `/organizations/${organization.id}`, { userNameFormat: 'email' });
    const answer = await organization.scim('PATCH', `/Users/${userId}`, deactivate);
    expect([answer.status, answer.body['active']]).toEqual([200, false]);
  });

  test('an address that was never checked, because the login name was the address', async () => {
    const organization = await service.organization();
    const userId = await organization.user(`eve@${organization.id}.example`, { emails: [{ value: 'no address' }] });
    await service.admin('PATCH', `/organizations/${organization.id}`, { userNameFormat: 'any' });
    const answer = await organization.scim('PATCH', `/Users/${userId}`, deactivate);
    expect([answer.status, answer.body['active']]).toEqual([200, false]);
  });
});

test('an update by id makes the directory manage a user whom an admin had invited', async () => {
  const organization = await service.organization();
  await service.admin('PUT', `/organizations/${organization.id}/provisioning`, { mode: 'manual', confirm: true });
  const email = `ines@${organization.id}.example`;
  const invited = await service.admin<{ id: string }>('POST', `/organizations/${organization.id}/users`, { email });
  const { body } = await service.admin<{ token: string }>('PUT', `/organizations/${organization.id}/provisioning`, {
    mode: 'scim',
  });
  const headers = { authorization: `Bearer ${body.token}` };
  const conflict = await organization.scim('POST', '/Users', { userName: email }, headers);
  expect(conflict.status).toBe(409);
  await organization.scim('PUT', `/Users/${invited.body.id}`, { userName: email, title: 'Lead' }, headers);
  await service.quiet();
  const users = await service.db.query(sql`
    SELECT managed_by AS "managedBy", role FROM users WHERE organization_id = ${organization.id}`);
  expect(users).toEqual([{ managedBy: 'directory', role: 'viewer' }]);
});

test('20 parallel PATCHes of different attributes of one user are all kept', async () => {
  const { organization, userId } = await withAccess();
  const names = ['title', 'nickName', 'displayName', 'locale', 'timezone', 'userType', 'preferredLanguage'];
  const paths = [...names, 'name.givenName', 'name.familyName', 'name.middleName'];
  const answers = await Promise.all(
    paths.map((path) => organization.scim('PATCH', `/Users/${userId}`, patch({ op: 'add', path, value: `en` }))),
  );
  expect(answers.map(({ status }) => status)).toEqual(paths.map(() => 200));
  const { body } = await organization.scim<{ name: object; meta: { version: string } }>(
    'GET',
    `/Users/${userId}?excludedAttributes=groups`,
  );
  expect(body).toMatchObject(Object.fromEntries(names.map((name) => [name, 'en'])));
  expect(body.name).toEqual({ givenName: 'en', familyName: 'en', middleName: 'en' });
  expect(body.meta.version).toBe(`W/"${paths.length + 1}"`);
});

test('a removal and an add of one member in different letter case are one member', async () => {
  const { organization, userId, groupId } = await withAccess();
  const answer = await organization.scim(
    'PATCH',
    `/Groups/${groupId}?attributes=members`,
    patch(
      { op: 'remove', path: 'members', value: [{ value: userId.toUpperCase() }] },
      { op: 'add', path: 'members', value: [{ value: userId }] },
    ),
  );
  expect(answer.body['members']).toMatchObject([{ value: userId }]);
});

describe('entity tags (RFC 7644 section 3.14)', () => {
  test('If-None-Match answers 304 until the resource, or a group that it shows, changes', async () => {
    const { organization, userId } = await withAccess();
    const get = (etag: string) => organization.scim('GET', `/Users/${userId}`, undefined, { 'if-none-match': etag });
    const first = await get('"none"');
    const etag = first.headers.get('etag') ?? '';
    expect([first.status, (await get(etag)).status]).toEqual([200, 304]);
    await organization.group('On-call', [userId]);
    expect((await get(etag)).status).toBe(200);
  });

  test('meta.version is compared by If-Match, not searched', async () => {
    const { organization } = await withAccess();
    const filter = encodeURIComponent('meta.version eq "W/\\"1\\""');
    const answer = await organization.scim('GET', `/Users?filter=${filter}`);
    expect(answer.body).toMatchObject({ status: '400', scimType: 'invalidFilter' });
  });

  test('the tag of a read is good for If-Match, whatever the read showed', async () => {
    const { organization, userId } = await withAccess();
    const read = await organization.scim('GET', `/Users/${userId}`);
    const etag = read.headers.get('etag') ?? '';
    const change = (title: string) =>
      organization.scim('PATCH', `/Users/${userId}`, patch({ op: 'replace', path: 'title', value: title }), {
        'if-match': etag,
      });
    expect((await change('Lead')).status).toBe(200);
    expect((await change('Boss')).status).toBe(412);
  });
});

test('a write whose body was still on its way when SCIM was left is refused', async () => {
  const organization = await service.organization();
  const { hostname, port, pathname } = new URL(`${organization.baseUrl}/Users`);
  const body = JSON.stringify({ userName: `late@${organization.id}.example` });
  const answer = new Promise<number | undefined>((resolve, reject) => {
    const late = request({
      hostname,
      port,
      path: pathname,
      method: 'POST',
      headers: {
        authorization: `Bearer ${organization.token}`,
        'content-type': 'application/scim+json',
        'content-length': Buffer.byteLength(body),
      },
    });
    late.on('response', (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    late.on('error', reject);
    late.write(body.slice(0, 5));
    // Longer than a body usually takes; the token is checked again then.
    setTimeout(() => {
      void service
        .admin('PUT', `/organizations/${organization.id}/provisioning`, { mode: 'manual', confirm: true })
        .then(() => late.end(body.slice(5)));
    }, 1_200);
  });
  expect(await answer).toBe(401);
  expect(await service.db.query(sql`SELECT FROM users WHERE organization_id = ${organization.id}`)).toEqual([]);
});

test('a group that shows the new name of a member is another version', async () => {
  const { organization, userId, groupId } = await withAccess();
  const read = (etag: string) => organization.scim('GET', `/Groups/${groupId}`, undefined, { 'if-none-match': etag });
  const etag = (await read('"none"')).headers.get('etag') ?? '';
  await organization.scim(
    'PATCH',
    `/Users/${userId}`,
    patch({ op: 'replace', path: 'userName', value: `ada.lovelace@${organization.id}.example` }),
  );
  expect((await read(etag)).body).toMatchObject({ members: [{ display: `ada.lovelace@${organization.id}.example` }] });
});
