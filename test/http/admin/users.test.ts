import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../../src/platform/ids.ts';
import { readyOrganization, scimOrganization, unique } from './fixtures.ts';
import { startAdminApi, type AdminApi } from './start-admin-api.ts';

let api: AdminApi;
beforeAll(async () => {
  api = await startAdminApi();
});
afterAll(() => api.close());

/** A user whom the identity provider pushed, without going through SCIM. */
async function pushUser(organizationId: string, email: string, active = true): Promise<string> {
  const id = newId();
  await api.db.query(sql`
    INSERT INTO users (organization_id, id, managed_by, user_name, email, active, role)
    VALUES (${organizationId}::uuid, ${id}::uuid, 'directory', ${email}, ${email}, ${active}, 'developer')`);
  return id;
}

async function lastEntry(organizationId: string) {
  const { items } = await api.call('listSyncLogs', { params: { organizationId }, query: { limit: 1 } });
  return items[0];
}

describe('inviting', () => {
  test('creates a user who may sign in', async () => {
    const { organizationId, domain } = await readyOrganization(api, { defaultRole: 'developer' });
    const params = { organizationId };
    const email = `Ada@${domain}`;
    const user = await api.call('inviteUser', { params, body: { email, name: 'Ada' } });
    expect(user).toMatchObject({ userName: email, email, displayName: 'Ada', role: 'developer', managedBy: 'manual' });
    expect(await lastEntry(organizationId)).toMatchObject({ action: 'INVITE_USER', status: 'SUCCESS' });
    expect(await api.call('decideSignIn', { params, body: { email: email.toLowerCase() } })).toMatchObject({
      allowed: true,
      reason: 'active-user',
      userId: user.id,
      created: false,
    });
  });

  test('an address in use, here or elsewhere, is refused in the same words', async () => {
    const here = await readyOrganization(api);
    const elsewhere = await readyOrganization(api);
    const taken = [`a@${here.domain}`, `a@${elsewhere.domain}`];
    await api.call('inviteUser', {
      params: { organizationId: here.organizationId },
      body: { email: String(taken[0]) },
    });
    await api.call('inviteUser', {
      params: { organizationId: elsewhere.organizationId },
      body: { email: String(taken[1]) },
    });
    const refusals = await Promise.all(
      taken.map((email) =>
        api.refuse('inviteUser', 409, {
          params: { organizationId: here.organizationId },
          body: { email: email.toUpperCase() },
        }),
      ),
    );
    expect(refusals[0]?.detail).toBe(refusals[1]?.detail);
    expect(refusals[0]?.detail).toContain('already in use; it may belong to a user of another organization');
    expect(await lastEntry(here.organizationId)).toMatchObject({ action: 'INVITE_USER', status: 'FAILED' });
  });

  test.each(['jit', 'scim'] as const)('is refused in the mode %s', async (mode) => {
    const { organizationId, domain } = await readyOrganization(api);
    const params = { organizationId };
    await api.call('setProvisioning', { params, body: { mode } });
    const refusal = await api.refuse('inviteUser', 409, { params, body: { email: `a@${domain}` } });
    expect(refusal.code).toBe('mode-not-manual');
  });

  test.each(['nobody', '@x.example', 'a@', 'a b@x.example', 'a@localhost'])('"%s" is no address', async (email) => {
    const { organizationId } = await readyOrganization(api);
    await api.refuse('inviteUser', 400, { params: { organizationId }, body: { email } });
  });
});

describe('removing', () => {
  test('a user whom the directory manages is refused while SCIM is active, and possible after', async () => {
    const { organizationId, domain } = await scimOrganization(api);
    const userId = await pushUser(organizationId, `a@${domain}`);
    const refusal = await api.refuse('removeUser', 409, { params: { organizationId, userId } });
    expect(refusal.detail).toContain('identity provider');
    expect(await lastEntry(organizationId)).toMatchObject({ action: 'REMOVE_USER', status: 'FAILED' });

    await api.call('setProvisioning', { params: { organizationId }, body: { mode: 'manual', confirm: true } });
    await api.call('removeUser', { params: { organizationId, userId } });
    await api.refuse('getUser', 404, { params: { organizationId, userId } });
    expect(await lastEntry(organizationId)).toMatchObject({
      action: 'REMOVE_USER',
      status: 'SUCCESS',
      resource: { type: 'User', id: userId, name: `a@${domain}` },
    });
  });

  test('takes the access granted by hand with it', async () => {
    const { organizationId, domain } = await readyOrganization(api);
    const params = { organizationId };
    const user = await api.call('inviteUser', { params, body: { email: `a@${domain}` } });
    const workspace = await api.call('createWorkspace', { params, body: { name: 'W' } });
    const grant = { ...params, workspaceId: workspace.id, userId: user.id };
    await api.call('grantAccess', { params: grant });
    const access = await api.call('getUserAccess', { params: { ...params, userId: user.id } });
    expect(access).toMatchObject({ active: true, role: 'viewer', workspaces: [{ name: 'W', origin: 'manual' }] });
    await api.call('removeUser', { params: { ...params, userId: user.id } });
    const left = await api.db.query(sql`SELECT FROM workspace_members WHERE organization_id = ${organizationId}::uuid`);
    expect(left).toHaveLength(0);
  });
});

describe('the list of users', () => {
  test('is filtered by text, active and effective role, and paged', async () => {
    const { organizationId, domain } = await readyOrganization(api);
    const params = { organizationId };
    for (const local of ['ann', 'ben', '50%_off', 'cleo']) {
      await api.call('inviteUser', {
        params,
        body: { email: `${local}@${domain}`, role: local === 'ben' ? 'admin' : 'viewer' },
      });
    }
    await pushUser(organizationId, `dan@${domain}`, false);
    const names = async (query: object) => {
      const { items } = await api.call('listUsers', { params, query });
      return items.map(({ userName }) => userName.split('@')[0]);
    };
    expect(await names({ q: 'BEN' })).toEqual(['ben']);
    expect(await names({ q: '0%_' })).toEqual(['50%_off']);
    expect(await names({ q: '_' })).toEqual(['50%_off']);
    expect(await names({ active: 'false' })).toEqual(['dan']);
    expect(await names({ role: 'admin' })).toEqual(['ben']);
    // An inactive user has no role, whatever is stored for the day of reactivation.
    expect(await names({ role: 'developer' })).toEqual([]);

    const first = await api.call('listUsers', { params, query: { limit: 3 } });
    const second = await api.call('listUsers', { params, query: { limit: 3, cursor: String(first.nextCursor) } });
    expect([...first.items, ...second.items].map(({ userName }) => userName.split('@')[0])).toEqual([
      'ann',
      'ben',
      '50%_off',
      'cleo',
      'dan',
    ]);
    expect(second.nextCursor).toBeNull();
  });
});

describe('workspaces', () => {
  test('are created, listed and deleted with their grants; a name is taken in any letter case', async () => {
    const { organizationId, domain } = await readyOrganization(api);
    const params = { organizationId };
    const user = await api.call('inviteUser', { params, body: { email: `a@${domain}` } });
    const workspace = await api.call('createWorkspace', { params, body: { name: 'Design' } });
    expect((await api.refuse('createWorkspace', 409, { params, body: { name: 'DESIGN' } })).code).toBe(
      'workspace-name-in-use',
    );
    await api.call('grantAccess', { params: { ...params, workspaceId: workspace.id, userId: user.id } });
    await api.call('deleteWorkspace', { params: { ...params, workspaceId: workspace.id } });
    expect(await lastEntry(organizationId)).toMatchObject({
      action: 'DELETE_WORKSPACE',
      details: { usersWithAccess: 1, groupMappings: 0 },
    });
    expect((await api.call('listWorkspaces', { params })).items).toEqual([]);
  });
});

describe('sign-ins', () => {
  // "manual: admins invite and remove users."
  test('manual: an unknown address is refused', async () => {
    const { organizationId, domain } = await readyOrganization(api);
    const decision = await api.call('decideSignIn', { params: { organizationId }, body: { email: `a@${domain}` } });
    expect(decision).toMatchObject({ allowed: false, reason: 'user-unknown' });
    expect(await lastEntry(organizationId)).toMatchObject({
      action: 'SIGN_IN',
      status: 'FAILED',
      actor: { type: 'sign_in' },
    });
  });

  // "jit: a sign-in through SSO creates the user with the connection role if the email's domain is verified."
  test('jit: an address of a verified domain becomes a user with the connection role, once', async () => {
    const { organizationId, domain } = await readyOrganization(api, { defaultRole: 'developer' });
    const params = { organizationId };
    await api.call('setProvisioning', { params, body: { mode: 'jit' } });
    const decisions = await Promise.all(
      Array.from({ length: 8 }, () =>
        api.call('decideSignIn', { params, body: { email: `Ada@${domain}`, name: 'Ada' } }),
      ),
    );
    expect(decisions.every(({ allowed, role }) => allowed && role === 'developer')).toBe(true);
    expect(decisions.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(decisions.map(({ userId }) => userId)).size).toBe(1);
    const { items } = await api.call('listUsers', { params });
    expect(items).toMatchObject([{ email: `Ada@${domain}`, displayName: 'Ada', managedBy: 'jit', role: 'developer' }]);
    expect(await lastEntry(organizationId)).toMatchObject({
      action: 'CREATE',
      status: 'SUCCESS',
      actor: { type: 'sign_in' },
    });
  });

  test.each([
    ['another domain', 'domain-not-verified', (domain: string) => `a@other-${domain}`],
    ['a subdomain', 'domain-not-verified', (domain: string) => `a@sub.${domain}`],
    ['text that is no address', 'invalid-email', () => 'nobody'],
  ])('jit: %s is refused as %s', async (_, reason, emailUnder) => {
    const { organizationId, domain } = await readyOrganization(api);
    const params = { organizationId };
    await api.call('setProvisioning', { params, body: { mode: 'jit' } });
    expect(await api.call('decideSignIn', { params, body: { email: emailUnder(domain) } })).toMatchObject({
      allowed: false,
      reason,
    });
    expect((await api.call('listUsers', { params })).items).toEqual([]);
  });

  test('jit: without an active SSO connection nobody is created', async () => {
    const { organizationId, domain } = await readyOrganization(api);
    const params = { organizationId };
    await api.call('setProvisioning', { params, body: { mode: 'jit' } });
    await api.call('setSsoConnection', {
      params,
      body: { provider: 'okta', status: 'inactive', defaultRole: 'viewer' },
    });
    expect(await api.call('decideSignIn', { params, body: { email: `a@${domain}` } })).toMatchObject({
      allowed: false,
      reason: 'sso-inactive',
    });
  });

  test('jit: an address that another organization holds is refused, and so is an inactive user', async () => {
    const { organizationId, domain } = await readyOrganization(api);
    const params = { organizationId };
    const other = await readyOrganization(api);
    const [held, inactive] = [`${unique('a')}@${domain}`, `${unique('b')}@${domain}`];
    await pushUser(other.organizationId, held);
    await pushUser(organizationId, inactive, false);
    await api.call('setProvisioning', { params, body: { mode: 'jit' } });
    expect(await api.call('decideSignIn', { params, body: { email: held } })).toMatchObject({
      allowed: false,
      reason: 'email-in-use',
    });
    expect(await api.call('decideSignIn', { params, body: { email: inactive } })).toMatchObject({
      allowed: false,
      reason: 'user-inactive',
    });
  });

  // "scim: only users whom the IdP pushed, and who are active, may sign in."
  test('scim: only pushed and active users', async () => {
    const { organizationId, domain } = await readyOrganization(api);
    const params = { organizationId };
    await api.call('inviteUser', { params, body: { email: `invited@${domain}` } });
    await api.call('setProvisioning', { params, body: { mode: 'scim' } });
    await pushUser(organizationId, `active@${domain}`);
    await pushUser(organizationId, `inactive@${domain}`, false);
    const reasons = await Promise.all(
      ['active', 'inactive', 'invited', 'unknown'].map(async (local) => {
        const { allowed, reason } = await api.call('decideSignIn', { params, body: { email: `${local}@${domain}` } });
        return [allowed, reason];
      }),
    );
    expect(reasons).toEqual([
      [true, 'active-user'],
      [false, 'user-inactive'],
      [false, 'not-in-directory'],
      [false, 'user-unknown'],
    ]);
  });
});
