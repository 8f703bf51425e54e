import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import sql from 'sql-template-tag';
import { readyOrganization, scimOrganization, unique } from './fixtures.ts';
import { startAdminApi, type AdminApi } from './start-admin-api.ts';

let api: AdminApi;
beforeAll(async () => {
  api = await startAdminApi();
});
afterAll(() => api.close());

async function logOf(organizationId: string): Promise<string[]> {
  const { items } = await api.call('listSyncLogs', { params: { organizationId }, query: { limit: 200 } });
  return items.map(({ action, status }) => `${action} ${status}`).reverse();
}

async function jobReasons(organizationId: string): Promise<unknown[]> {
  const { items } = await api.call('listJobs', { params: { organizationId } });
  return items.map(({ payload }) => payload['reason']).reverse();
}

describe('selecting SCIM', () => {
  // "Directory sync is available to organizations on the business and enterprise plans."
  // "It requires an active SSO connection with at least one verified domain. ... the error says what is missing."
  test.each([
    { plan: 'free', sso: 'active', domain: 'verified', code: 'plan-required', says: [/business and enterprise plans/] },
    {
      plan: 'business',
      sso: 'none',
      domain: 'verified',
      code: 'prerequisite-missing',
      says: [/active SSO connection/],
    },
    { plan: 'business', sso: 'inactive', domain: 'verified', code: 'prerequisite-missing', says: [/active SSO/] },
    {
      plan: 'enterprise',
      sso: 'active',
      domain: 'none',
      code: 'prerequisite-missing',
      says: [/No domain is verified/],
    },
    { plan: 'enterprise', sso: 'active', domain: 'claimed', code: 'prerequisite-missing', says: [/No domain/] },
    { plan: 'business', sso: 'none', domain: 'none', code: 'prerequisite-missing', says: [/SSO/, /domain/] },
    { plan: 'free', sso: 'none', domain: 'none', code: 'plan-required', says: [/plan/, /SSO/, /domain/] },
  ] as const)('is refused: plan $plan, SSO $sso, domain $domain', async ({ plan, sso, domain, code, says }) => {
    const { id } = await api.call('createOrganization', { body: { name: 'A', plan } });
    const params = { organizationId: id };
    if (sso !== 'none') {
      await api.call('setSsoConnection', { params, body: { provider: 'okta', status: sso, defaultRole: 'viewer' } });
    }
    if (domain !== 'none') {
      await api.call('addDomain', {
        params,
        body: { domain: `${unique('d')}.example`, ...(domain === 'verified' ? { verified: true } : {}) },
      });
    }
    const refusal = await api.refuse('setProvisioning', 409, { params, body: { mode: 'scim' } });
    expect(refusal.code).toBe(code);
    for (const words of says) expect(refusal.detail).toMatch(words);
    expect((await api.call('getProvisioning', { params })).mode).toBe('manual');
    expect((await logOf(id)).at(-1)).toBe('CHANGE_PROVISIONING_MODE FAILED');
  });

  test.each(['business', 'enterprise'] as const)(
    'on the plan %s answers with token and base URL, once',
    async (plan) => {
      const { organizationId } = await readyOrganization(api, { plan });
      const params = { organizationId };
      const selected = await api.call('setProvisioning', { params, body: { mode: 'scim' } });
      expect(selected).toMatchObject({ mode: 'scim', baseUrl: `${api.url}/api/v1/scim/${organizationId}/v2` });
      expect(selected.token).toMatch(/^rc_scim_[0-9A-Za-z]{49}$/);

      const again = await api.call('setProvisioning', { params, body: { mode: 'scim' } });
      expect(again).toEqual({ mode: 'scim' });
      expect((await logOf(organizationId)).slice(-2)).toEqual([
        'CHANGE_PROVISIONING_MODE SUCCESS',
        'CHANGE_PROVISIONING_MODE SKIPPED',
      ]);
      const stored = await api.db.query(sql`SELECT scim_tokens::text AS row FROM scim_tokens`);
      expect(JSON.stringify(stored)).not.toContain(selected.token);
      const everything = JSON.stringify((await api.call('listSyncLogs', { params })).items);
      expect(everything).not.toContain(selected.token);
    },
  );

  test('from jit needs no confirmation', async () => {
    const { organizationId } = await readyOrganization(api);
    await api.call('setProvisioning', { params: { organizationId }, body: { mode: 'jit' } });
    expect(await api.call('setProvisioning', { params: { organizationId }, body: { mode: 'scim' } })).toHaveProperty(
      'token',
    );
  });
});

describe('leaving SCIM', () => {
  test('for jit without confirming is refused with exactly these words', async () => {
    const { organizationId } = await scimOrganization(api);
    const params = { organizationId };
    const refusal = await api.refuse('setProvisioning', 409, { params, body: { mode: 'jit' } });
    expect(refusal.detail).toBe('Cannot enable JIT provisioning while SCIM is active');
    expect(refusal.nextStep).toContain('"confirm": true');
    const { items } = await api.call('listSyncLogs', { params, query: { status: 'FAILED' } });
    expect(items.map(({ message }) => message)).toEqual(['Cannot enable JIT provisioning while SCIM is active']);
    expect((await api.call('getProvisioning', { params })).mode).toBe('scim');
    expect((await api.call('listScimTokens', { params })).items).toHaveLength(1);
  });

  test('for manual without confirming is refused', async () => {
    const { organizationId } = await scimOrganization(api);
    const refusal = await api.refuse('setProvisioning', 409, { params: { organizationId }, body: { mode: 'manual' } });
    expect(refusal.code).toBe('confirmation-required');
  });

  test.each(['manual', 'jit'] as const)(
    'confirmed for %s revokes every token; coming back issues one and resyncs',
    async (mode) => {
      const { organizationId, token } = await scimOrganization(api);
      const params = { organizationId };
      await api.call('rotateScimToken', { params });
      expect(await api.call('setProvisioning', { params, body: { mode, confirm: true } })).toEqual({ mode });
      expect((await api.call('listScimTokens', { params })).items).toEqual([]);
      expect((await api.refuse('rotateScimToken', 409, { params })).code).toBe('scim-not-selected');

      const back = await api.call('setProvisioning', { params, body: { mode: 'scim' } });
      expect(back.token).toBeDefined();
      expect(back.token).not.toBe(token);
      const { items } = await api.call('listJobs', { params });
      expect(items.map(({ id }) => id)).toContain(back.jobId);
      expect(await jobReasons(organizationId)).toEqual([
        'SCIM was selected as provisioning mode.',
        'SCIM was selected as provisioning mode.',
      ]);
    },
  );
});

describe('whatever makes directory sync active again, or changes the connection role, resyncs the organization', () => {
  const sso = { provider: 'okta', status: 'active', defaultRole: 'viewer' } as const;

  test('the plan', async () => {
    const { organizationId } = await scimOrganization(api);
    const params = { organizationId };
    await api.call('updateOrganization', { params, body: { plan: 'free' } });
    expect((await api.call('getProvisioning', { params })).directorySync.active).toBe(false);
    await api.call('updateOrganization', { params, body: { plan: 'enterprise' } });
    expect((await jobReasons(organizationId)).slice(1)).toEqual(['Directory sync became active again.']);
  });

  test('the SSO connection', async () => {
    const { organizationId } = await scimOrganization(api);
    const params = { organizationId };
    await api.call('setSsoConnection', { params, body: { ...sso, status: 'inactive' } });
    await api.call('setSsoConnection', { params, body: sso });
    await api.call('setSsoConnection', { params, body: sso });
    expect((await jobReasons(organizationId)).slice(1)).toEqual(['Directory sync became active again.']);
  });

  test('a domain', async () => {
    const { organizationId, domain } = await scimOrganization(api);
    const params = { organizationId };
    await api.call('removeDomain', { params: { ...params, domain } });
    expect((await api.call('getProvisioning', { params })).directorySync.missing).toHaveLength(1);
    await api.call('addDomain', { params, body: { domain, verified: true } });
    expect((await jobReasons(organizationId)).slice(1)).toEqual(['Directory sync became active again.']);
  });

  test('the connection role, and only while directory sync is active', async () => {
    const { organizationId } = await scimOrganization(api);
    const params = { organizationId };
    const before = api.nudges();
    await api.call('setSsoConnection', { params, body: { ...sso, defaultRole: 'developer' } });
    expect(api.nudges()).toBe(before + 1);
    expect((await jobReasons(organizationId)).slice(1)).toEqual([
      'The connection role changed from viewer to developer.',
    ]);
    const manual = await readyOrganization(api);
    await api.call('setSsoConnection', {
      params: { organizationId: manual.organizationId },
      body: { ...sso, defaultRole: 'admin' },
    });
    expect(await jobReasons(manual.organizationId)).toEqual([]);
  });
});

describe('SCIM tokens', () => {
  test('rotating keeps the two newest; the previous one expires in 24 hours', async () => {
    const { organizationId, token: first } = await scimOrganization(api);
    const params = { organizationId };
    const second = await api.call('rotateScimToken', { params });
    const ttlMs = Date.parse(String(second.previousTokenExpiresAt)) - Date.now();
    expect(Math.abs(ttlMs - 24 * 3_600_000)).toBeLessThan(60_000);
    const third = await api.call('rotateScimToken', { params });
    expect(new Set([first, second.token, third.token]).size).toBe(3);

    const { items } = await api.call('listScimTokens', { params });
    expect(items.map(({ lastFour, expiresAt }) => [lastFour, expiresAt])).toEqual([
      [third.token.slice(-4), null],
      [second.token.slice(-4), third.previousTokenExpiresAt],
    ]);
    expect(JSON.stringify(items)).not.toContain(third.token);
    const page = await api.call('listScimTokens', { params, query: { limit: 1 } });
    const rest = await api.call('listScimTokens', { params, query: { limit: 1, cursor: String(page.nextCursor) } });
    expect([...page.items, ...rest.items]).toEqual(items);
    expect(rest.nextCursor).toBeNull();
  });

  test('16 rotations at once leave two tokens', async () => {
    const { organizationId } = await scimOrganization(api);
    const params = { organizationId };
    await Promise.all(Array.from({ length: 16 }, () => api.call('rotateScimToken', { params })));
    const { items } = await api.call('listScimTokens', { params });
    expect(items.map(({ expiresAt }) => expiresAt === null)).toEqual([true, false]);
  });

  test('revoking takes a token off the list; again changes nothing', async () => {
    const { organizationId } = await scimOrganization(api);
    const params = { organizationId };
    const [token] = (await api.call('listScimTokens', { params })).items;
    const tokenId = String(token?.id);
    await api.call('revokeScimToken', { params: { ...params, tokenId } });
    await api.call('revokeScimToken', { params: { ...params, tokenId } });
    expect((await api.call('listScimTokens', { params })).items).toEqual([]);
    expect((await logOf(organizationId)).slice(-2)).toEqual(['REVOKE_TOKEN SUCCESS', 'REVOKE_TOKEN SKIPPED']);
    expect((await api.call('rotateScimToken', { params })).previousTokenExpiresAt).toBeNull();
  });
});

describe('domains', () => {
  test('are verified by the TXT record that the answer names', async () => {
    const { id } = await api.call('createOrganization', { body: { name: 'A', plan: 'business' } });
    const params = { organizationId: id };
    const name = `${unique('Zürich')}.example`;
    const added = await api.call('addDomain', { params, body: { domain: name } });
    expect(added).toMatchObject({ verified: false, domain: expect.stringMatching(/^xn--zrich-/) as string });

    const refusal = await api.refuse('verifyDomain', 409, { params: { ...params, domain: name }, body: {} });
    expect(refusal.detail).toContain(added.txtRecord.value);
    api.txtRecords.set(added.txtRecord.name, [
      ['other'],
      [added.txtRecord.value.slice(0, 9), added.txtRecord.value.slice(9)],
    ]);
    const verified = await api.call('verifyDomain', { params: { ...params, domain: name }, body: {} });
    expect(verified.verified).toBe(true);
    await api.call('verifyDomain', { params: { ...params, domain: name }, body: {} });
    expect((await logOf(id)).slice(-3)).toEqual([
      'VERIFY_DOMAIN FAILED',
      'VERIFY_DOMAIN SUCCESS',
      'VERIFY_DOMAIN SKIPPED',
    ]);
  });

  test('can be claimed by many and proven by one', async () => {
    const { domain } = await readyOrganization(api);
    const { id } = await api.call('createOrganization', { body: { name: 'B', plan: 'business' } });
    const params = { organizationId: id };
    await api.call('addDomain', { params, body: { domain } });
    const refusal = await api.refuse('verifyDomain', 409, { params: { ...params, domain }, body: { verified: true } });
    expect(refusal.code).toBe('domain-verified-elsewhere');
  });

  test.each(['localhost', 'a..b', '-a.example', 'a@b.example', 'https://a.example', `${'a'.repeat(64)}.example`, ''])(
    '"%s" is no domain',
    async (domain) => {
      const { organizationId } = await readyOrganization(api);
      await api.refuse('addDomain', 400, { params: { organizationId }, body: { domain } });
    },
  );

  test('are listed by name in pages', async () => {
    const { id } = await api.call('createOrganization', { body: { name: 'C', plan: 'business' } });
    const params = { organizationId: id };
    for (const domain of ['c.example', 'a.example', 'b.example'])
      await api.call('addDomain', { params, body: { domain } });
    const first = await api.call('listDomains', { params, query: { limit: 2 } });
    expect(first.items.map(({ domain }) => domain)).toEqual(['a.example', 'b.example']);
    const second = await api.call('listDomains', { params, query: { limit: 2, cursor: String(first.nextCursor) } });
    expect(second).toMatchObject({ items: [{ domain: 'c.example' }], nextCursor: null });
  });
});

test('every admin change leaves exactly one entry, named by its request id', async () => {
  const { organizationId, domain } = await readyOrganization(api);
  const base = `/organizations/${organizationId}`;
  const changes: [method: string, path: string, body: unknown, action: string][] = [
    ['PATCH', base, { name: 'New' }, 'UPDATE_ORGANIZATION'],
    [
      'PUT',
      `${base}/sso-connection`,
      { provider: 'entra', status: 'active', defaultRole: 'viewer' },
      'UPDATE_SSO_CONNECTION',
    ],
    ['PUT', `${base}/provisioning`, { mode: 'scim' }, 'CHANGE_PROVISIONING_MODE'],
    ['POST', `${base}/scim-tokens/rotate`, undefined, 'ROTATE_TOKEN'],
    ['POST', `${base}/workspaces`, { name: 'W' }, 'CREATE_WORKSPACE'],
    ['POST', `${base}/resync`, undefined, 'RESYNC'],
    ['DELETE', `${base}/domains/${domain}`, undefined, 'REMOVE_DOMAIN'],
  ];
  for (const [method, path, body, action] of changes) {
    const requestId = unique('change');
    const response = await api.send(method, path, body, { 'X-Request-Id': requestId });
    expect(response.ok, `${method} ${path}: ${await response.text()}`).toBe(true);
    const { items } = await api.call('listSyncLogs', { params: { organizationId }, query: { requestId } });
    expect(items).toMatchObject([{ action, status: 'SUCCESS', actor: { type: 'admin', name: 'Platform admin' } }]);
  }
});
