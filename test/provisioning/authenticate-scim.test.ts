import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DomainError } from '../../src/platform/errors.ts';
import { authenticateScim } from '../../src/provisioning/authenticate-scim.ts';
import { createOrganization } from '../../src/provisioning/organizations.ts';
import { addDomain } from '../../src/provisioning/domains.ts';
import { setProvisioningMode } from '../../src/provisioning/provisioning-mode.ts';
import {
  listScimTokens,
  revokeScimToken,
  rotateScimToken,
  type ScimTokenInfo,
} from '../../src/provisioning/scim-tokens.ts';
import { setSsoConnection } from '../../src/provisioning/sso-connection.ts';
import { createTokenSecret, isTokenShaped } from '../../src/provisioning/token-secret.ts';
import { systemCause as cause } from '../../src/sync-log/append.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase;
let serial = 0;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

async function scimOrganization(): Promise<{ organizationId: string; token: string }> {
  const { id: organizationId } = await createOrganization(db, {
    name: 'Acme',
    plan: 'business',
    userNameFormat: 'any',
    cause,
  });
  await setSsoConnection(db, { organizationId, provider: 'okta', status: 'active', defaultRole: 'viewer', cause });
  serial += 1;
  await addDomain(db, { organizationId, domain: `acme${serial}.example`, verified: true, cause });
  const { token } = await setProvisioningMode(db, { organizationId, mode: 'scim', confirm: false, cause });
  if (token === undefined) throw new Error('selecting scim answered no token');
  return { organizationId, token };
}

async function newestToken(organizationId: string): Promise<ScimTokenInfo | undefined> {
  const { items } = await listScimTokens(db, { organizationId, limit: 1 });
  return items[0];
}

async function refusalOf(attempt: { organizationId: string; token: string }): Promise<DomainError> {
  const error: unknown = await authenticateScim(db, attempt).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof DomainError) return error;
  throw new Error('the token was accepted', { cause: error });
}

test('names the caller by organization and token', async () => {
  const { organizationId, token } = await scimOrganization();
  const stored = await newestToken(organizationId);
  expect(await authenticateScim(db, { organizationId, token })).toEqual({
    organizationId,
    tokenId: stored?.id,
    tokenName: `${token.slice(0, 12)}…${token.slice(-4)}`,
    userNameFormat: 'any',
    at: expect.any(Date) as Date,
    schemaVersion: 0,
  });
});

describe('one constant refusal for', () => {
  type Setting = { organizationId: string; token: string };
  const cases: [what: string, attempt: (setting: Setting) => Promise<Setting> | Setting][] = [
    ['a blank token', (s) => ({ ...s, token: '' })],
    [
      'a token with a typing error',
      (s) => ({ ...s, token: `${s.token.slice(0, -1)}${s.token.endsWith('A') ? 'B' : 'A'}` }),
    ],
    ['a token that was never issued', (s) => ({ ...s, token: createTokenSecret('rc_scim_').token })],
    ['a token of another organization', async (s) => ({ ...s, token: (await scimOrganization()).token })],
    ['an organization that is not there', (s) => ({ ...s, organizationId: '01890a5d-ac96-774b-bcce-b302099a8057' })],
    ['an organization id that is no id', (s) => ({ ...s, organizationId: 'acme' })],
    [
      'a revoked token',
      async (s) => {
        const token = await newestToken(s.organizationId);
        await revokeScimToken(db, { organizationId: s.organizationId, tokenId: String(token?.id), cause });
        return s;
      },
    ],
    [
      'a token two rotations old',
      async (s) => {
        await rotateScimToken(db, { organizationId: s.organizationId, cause });
        await rotateScimToken(db, { organizationId: s.organizationId, cause });
        return s;
      },
    ],
    [
      'a token after its last day',
      async (s) => {
        await rotateScimToken(db, { organizationId: s.organizationId, cause });
        await db.query(sql`
          UPDATE scim_tokens SET expires_at = expires_at - interval '24 hours'
          WHERE organization_id = ${s.organizationId}::uuid`);
        return s;
      },
    ],
    [
      'an organization that left SCIM',
      async (s) => {
        await setProvisioningMode(db, { organizationId: s.organizationId, mode: 'manual', confirm: true, cause });
        return s;
      },
    ],
  ];

  test.each(cases)('%s', async (_, attempt) => {
    const setting = await scimOrganization();
    const error = await refusalOf(await attempt(setting));
    expect(error.kind).toBe('unauthenticated');
    expect(error.message).toBe((await refusalOf({ organizationId: '', token: '' })).message);
  });
});

test('both tokens work within the 24 hours after a rotation', async () => {
  const { organizationId, token: previous } = await scimOrganization();
  const { token } = await rotateScimToken(db, { organizationId, cause });
  const callers = await Promise.all(
    [previous, token].map((each) => authenticateScim(db, { organizationId, token: each })),
  );
  expect(new Set(callers.map(({ tokenId }) => tokenId)).size).toBe(2);
});

describe('a lapsed prerequisite is forbidden, and says which', () => {
  test.each([
    ['the plan', sql`UPDATE organizations SET plan = 'free'`, /upgrade the plan/],
    ['the SSO connection', sql`UPDATE sso_connections SET status = 'inactive'`, /SSO connection/],
    ['the domain', sql`UPDATE domains SET verified_at = NULL`, /domain/],
  ])('%s', async (_, lapse, says) => {
    const setting = await scimOrganization();
    await db.query(lapse);
    const error = await refusalOf(setting);
    expect(error).toMatchObject({ kind: 'forbidden', code: 'directory-sync-inactive' });
    expect(error.message).toMatch(says);
  });
});

describe('last used', () => {
  async function lastUse(organizationId: string): Promise<number> {
    const token = await newestToken(organizationId);
    return token?.lastUsedAt?.getTime() ?? 0;
  }

  test('is noted at most once a minute', async () => {
    const setting = await scimOrganization();
    const { organizationId } = setting;
    expect(await lastUse(organizationId)).toBe(0);
    await authenticateScim(db, setting);
    const first = await lastUse(organizationId);
    expect(Math.abs(first - Date.now())).toBeLessThan(60_000);
    await authenticateScim(db, setting);
    expect(await lastUse(organizationId)).toBe(first);
    await db.query(sql`
      UPDATE scim_tokens SET last_used_at = last_used_at - interval '61 seconds'
      WHERE organization_id = ${organizationId}::uuid`);
    await authenticateScim(db, setting);
    expect(await lastUse(organizationId)).toBeGreaterThanOrEqual(first);
  });

  test('does not hold a request up while the token is being rotated', async () => {
    const setting = await scimOrganization();
    await db.transaction(async (tx) => {
      await tx.query(sql`
        SELECT FROM scim_tokens WHERE organization_id = ${setting.organizationId}::uuid FOR UPDATE`);
      // It would wait for this transaction, which waits for it, if it waited at all.
      await authenticateScim(db, setting);
    });
    expect(await lastUse(setting.organizationId)).toBe(0);
  });
});

test('a token is 256 bits in base62 with a checksum that exposes any typing error', () => {
  for (let round = 0; round < 200; round += 1) {
    const { token, prefix, lastFour } = createTokenSecret('rc_scim_');
    expect(token).toMatch(/^rc_scim_[0-9A-Za-z]{49}$/);
    expect([token.startsWith(prefix), token.endsWith(lastFour), isTokenShaped(token, 'rc_scim_')]).toEqual([
      true,
      true,
      true,
    ]);
    const position = 8 + (round % 49);
    const other = token[position] === 'x' ? 'y' : 'x';
    expect(isTokenShaped(`${token.slice(0, position)}${other}${token.slice(position + 1)}`, 'rc_scim_')).toBe(false);
  }
});
