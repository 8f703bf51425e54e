import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { adminRoles, mayDo, permissions, type AdminRole } from '../../../src/contract/authorization.ts';
import type { Endpoint } from '../../../src/contract/endpoint.ts';
import { endpoints } from '../../../src/contract/endpoints.ts';
import { problem } from '../../../src/contract/problem.ts';
import { newId } from '../../../src/platform/ids.ts';
import { scimOrganization, unique } from './fixtures.ts';
import { adminKey, startAdminApi, type AdminApi } from './start-admin-api.ts';

/** One organization with something of everything that a path can name. */
interface Tenant {
  organizationId: string;
  keys: Record<AdminRole, string>;
  params: Record<string, string>;
}

let api: AdminApi;
let mine: Tenant;
let other: Tenant;
beforeAll(async () => {
  api = await startAdminApi();
  mine = await createTenant();
  other = await createTenant();
});
afterAll(() => api.close());

async function createTenant(): Promise<Tenant> {
  const { organizationId, domain } = await scimOrganization(api);
  const params = { organizationId };
  const create = (role: 'admin' | 'viewer') =>
    api.call('createAdminKey', { params, body: { name: `The ${role}`, role } });
  const [admin, viewer] = [await create('admin'), await create('viewer')];
  const workspace = await api.call('createWorkspace', { params, body: { name: 'Backend' } });
  const [token] = (await api.call('listScimTokens', { params })).items;
  const [userId, groupId, jobId, replayId] = [newId(), newId(), newId(), newId()];
  await api.db.query(sql`
    WITH u AS (INSERT INTO users (organization_id, id, managed_by, user_name)
      VALUES (${organizationId}, ${userId}, 'directory', ${unique('ada')})),
    g AS (INSERT INTO groups (organization_id, id, display_name) VALUES (${organizationId}, ${groupId}, 'Engineering'))
    INSERT INTO sync_jobs (id, organization_id, queue, payload, status, replay_id)
    VALUES (${jobId}, ${organizationId}, 'group-membership', '{}', 'failed', ${replayId})`);
  const [entry] = (await api.call('listSyncLogs', { params, query: { limit: 1 } })).items;
  return {
    organizationId,
    keys: { platform: adminKey, admin: admin.key, viewer: viewer.key },
    params: {
      organizationId,
      domain,
      userId,
      groupId,
      jobId,
      replayId,
      entryId: entry?.id ?? '',
      workspaceId: workspace.id,
      tokenId: token?.id ?? '',
      keyId: viewer.id,
      urn: 'urn:example:unknown',
    },
  };
}

const operations = Object.entries(endpoints) as [keyof typeof endpoints, Endpoint][];
const organizationRoles = ['admin', 'viewer'] as const;

/** Bodies that get past the contract, so that what is looked up behind it decides. */
const bodies: Partial<Record<keyof typeof endpoints, unknown>> = {
  createSession: { adminKey },
  saveMapping: { workspaceIds: [], role: null },
  previewMapping: { workspaceIds: [], role: null },
};

async function send(key: string, operation: keyof typeof endpoints, params: Record<string, string>, body?: unknown) {
  const endpoint: Endpoint = endpoints[operation];
  const path = endpoint.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? newId()));
  const sent = endpoint.request === null ? undefined : (body ?? bodies[operation] ?? {});
  const response = await fetch(`${api.url}/api/v1${path}`, {
    method: endpoint.method.toUpperCase(),
    headers: {
      ...(key.startsWith('rollcall-session=') ? { Cookie: key, Origin: api.url } : { Authorization: `Bearer ${key}` }),
      ...(sent === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(sent === undefined ? {} : { body: JSON.stringify(sent) }),
  });
  return { status: response.status, text: await response.text() };
}

/** How somebody of a role calls the API: by the key itself, or by a session that it opened. */
const ways = {
  key: (key: string) => Promise.resolve(key),
  session: async (key: string) => {
    const response = await api.send('POST', '/session', { adminKey: key });
    return (response.headers.get('set-cookie') ?? '').split(';', 1)[0] ?? '';
  },
};
const wayNames = ['key', 'session'] as const;

describe('the table', () => {
  test('has a row for every operation, and no other', () => {
    expect(Object.keys(permissions).toSorted()).toEqual(Object.keys(endpoints).toSorted());
  });

  // Said once more in other words, so that a slip in the table is noticed.
  test('lets viewers only read', () => {
    const changing = operations
      .filter(([name, { method }]) => mayDo('viewer', permissions[name]) && method !== 'get')
      .map(([name]) => name);
    // Signing in and out are one's own.
    expect(changing).toEqual(['createSession', 'deleteSession', 'previewMapping']);
  });

  test('keeps what concerns all organizations for the platform', () => {
    const withoutOrganization = operations.filter(
      ([, { path }]) => !path.startsWith('/organizations/{organizationId}'),
    );
    const open = withoutOrganization.filter(([name]) => permissions[name].least !== 'platform').map(([name]) => name);
    expect(open.toSorted()).toEqual([
      'createSession',
      'deleteSession',
      'getScimSchema',
      'getSession',
      'listOrganizations',
      'listScimSchemas',
    ]);
  });

  test('keeps the plan and the word for a domain for the platform', () => {
    const fields = operations.flatMap(([name]) =>
      (permissions[name].platformFields ?? []).map((field) => `${name}.${field}`),
    );
    expect(fields.toSorted()).toEqual(['addDomain.verified', 'updateOrganization.plan', 'verifyDomain.verified']);
  });
});

const callers = adminRoles.flatMap((role) => wayNames.map((way) => ({ role, way })));

describe.each(callers)('a $way of the role $role', ({ role, way }) => {
  test.each(operations)('%s: is let through exactly if the table says so', async (operation) => {
    const credential = await ways[way](mine.keys[role]);
    const { status, text } = await send(credential, operation, { ...mine.params, ...unknownThings() });
    if (mayDo(role, permissions[operation])) {
      expect([401, 403], text).not.toContain(status);
      expect(status, text).toBeLessThan(500);
    } else {
      expect(status, text).toBe(403);
      expect(problem.parse(JSON.parse(text)).code).toBe('role-insufficient');
    }
  });
});

/** Nothing is changed or removed by walking through the table. */
function unknownThings(): Record<string, string> {
  const names = ['userId', 'groupId', 'workspaceId', 'tokenId', 'keyId', 'jobId', 'replayId', 'entryId'];
  return Object.fromEntries(names.map((name) => [name, newId()]));
}

const tenants = organizationRoles.flatMap((role) => wayNames.map((way) => ({ role, way })));

describe.each(tenants)('another organization, to a $way of the role $role,', ({ role, way }) => {
  let credential: string;
  beforeAll(async () => {
    credential = await ways[way](mine.keys[role]);
  });
  const inOrganization = operations.filter(([, { path }]) => path.includes('{organizationId}'));

  test.each(inOrganization)('%s: answers exactly as one that does not exist', async (operation) => {
    const before = await everythingOf(other.organizationId);
    const foreign = await send(credential, operation, other.params);
    const unknownId = newId();
    const unknown = await send(credential, operation, { ...other.params, organizationId: unknownId });
    expect(foreign.status).toBe(404);
    expect(problem.parse(JSON.parse(foreign.text)).code).toBe('organization-not-found');
    expect(anonymous(foreign, other.organizationId)).toEqual(anonymous(unknown, unknownId));
    expect(await everythingOf(other.organizationId)).toEqual(before);
  });

  const ofThings = operations.filter(
    ([name, { path }]) =>
      /\{(?!organizationId)/.test(path) && !path.includes('{urn}') && mayDo(role, permissions[name]),
  );

  test.each(ofThings)('%s: its things are unknown under the own organization', async (operation) => {
    const before = await everythingOf(other.organizationId);
    const strangers = unknownThings();
    const { path } = endpoints[operation];
    const names = [...path.matchAll(/\{(\w+)\}/g)]
      .map(([, name = '']) => name)
      .filter((name) => name !== 'organizationId');
    for (const name of names) {
      const foreignId = other.params[name];
      if (foreignId === undefined) throw new Error(`the tenants of this test have no ${name}`);
      const unknownId = strangers[name] ?? `${unique('nowhere')}.example`;
      const foreign = await send(credential, operation, { ...mine.params, [name]: foreignId });
      const unknown = await send(credential, operation, { ...mine.params, [name]: unknownId });
      expect(anonymous(foreign, foreignId)).toEqual(anonymous(unknown, unknownId));
      // A replay of no jobs is one of zero jobs.
      expect(foreign.status).toBe(name === 'replayId' ? 200 : 404);
    }
    expect(await everythingOf(other.organizationId)).toEqual(before);
  });
});

/** Everything of an answer but the ids in it. */
function anonymous({ status, text }: { status: number; text: string }, id: string) {
  return { status, text: text.replaceAll(id, 'ID').replace(/"requestId":"[^"]*"/, '') };
}

/** All rows of an organization, as text; a refused request is not in its log either. */
async function everythingOf(organizationId: string): Promise<unknown> {
  const tables = ['users', 'groups', 'workspaces', 'domains', 'scim_tokens', 'sync_jobs', 'sync_logs'];
  const rows = await api.db.query(sql`
    SELECT (SELECT jsonb_agg(u ORDER BY u.id) FROM users u WHERE u.organization_id = ${organizationId}) AS users,
      (SELECT jsonb_agg(g ORDER BY g.id) FROM groups g WHERE g.organization_id = ${organizationId}) AS groups,
      (SELECT jsonb_agg(w ORDER BY w.id) FROM workspaces w WHERE w.organization_id = ${organizationId}) AS workspaces,
      (SELECT jsonb_agg(d ORDER BY d.domain) FROM domains d WHERE d.organization_id = ${organizationId}) AS domains,
      (SELECT jsonb_agg(t.revoked_at ORDER BY t.id) FROM scim_tokens t WHERE t.organization_id = ${organizationId}) AS scim_tokens,
      (SELECT jsonb_agg(j ORDER BY j.id) FROM sync_jobs j WHERE j.organization_id = ${organizationId}) AS sync_jobs,
      (SELECT count(*) FROM sync_logs l WHERE l.organization_id = ${organizationId}) AS sync_logs`);
  expect(Object.keys(rows[0] ?? {})).toEqual(tables);
  return rows;
}

describe('a key of an organization', () => {
  test('sees its own organization in the list, and no other', async () => {
    for (const role of organizationRoles) {
      const { text } = await send(mine.keys[role], 'listOrganizations', {});
      const { items } = JSON.parse(text) as { items: { id: string }[] };
      expect(items.map(({ id }) => id)).toEqual([mine.organizationId]);
    }
    const { text } = await send(adminKey, 'listOrganizations', {});
    expect(text).toContain(other.organizationId);
  });

  test('reaches its organization by an id in capital letters too, as the platform does', async () => {
    const params = { organizationId: mine.organizationId.toUpperCase() };
    expect((await send(mine.keys.viewer, 'getOrganization', params)).status).toBe(200);
  });

  test.each([
    ['updateOrganization', { plan: 'enterprise' }, 'plan'],
    ['updateOrganization', { name: 'New name', plan: 'business' }, 'plan'],
    ['addDomain', { domain: 'mine.example', verified: true }, 'verified'],
    ['verifyDomain', { verified: true }, 'verified'],
  ] as const)('%s with %j is refused by the name of the field, and changes nothing', async (operation, body, field) => {
    const before = await everythingOf(mine.organizationId);
    const { status, text } = await send(mine.keys.admin, operation, mine.params, body);
    expect(status).toBe(403);
    expect(problem.parse(JSON.parse(text)).errors?.map((error) => error.field)).toEqual([field]);
    expect(await everythingOf(mine.organizationId)).toEqual(before);
  });

  test('cannot map a group to a workspace of another organization, nor replay its jobs', async () => {
    const workspaceIds = (id: string | undefined) => ({ workspaceIds: [id ?? ''], role: null });
    const unknownId = newId();
    const foreign = await send(mine.keys.admin, 'saveMapping', mine.params, workspaceIds(other.params['workspaceId']));
    const unknown = await send(mine.keys.admin, 'saveMapping', mine.params, workspaceIds(unknownId));
    expect(foreign.status).toBe(400);
    expect(anonymous(foreign, other.params['workspaceId'] ?? '')).toEqual(anonymous(unknown, unknownId));
    const replay = await send(mine.keys.admin, 'replayJobs', mine.params, { ids: [other.params['jobId']] });
    expect(JSON.parse(replay.text)).toMatchObject({ matched: 0, replayed: 0 });
  });
});
