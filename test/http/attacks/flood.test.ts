/**
 * A18: more requests than the limit, by an organization, by a key, and by strangers.
 * I17: a flood of one organization does not hold up another.
 */
import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engines, isMissing, startService, type TestOrganization, type TestService } from '../../support/service.ts';

const limit = 25;

describe.skipIf(isMissing('redis')).each(engines)('A18, limits shared through %s:', (engine) => {
  let service: TestService;
  let flooder: TestOrganization;
  let neighbour: TestOrganization;
  beforeAll(async () => {
    service = await startService({
      engine,
      environment: { SCIM_RATE_LIMIT_PER_SECOND: String(limit), ADMIN_RATE_LIMIT_PER_SECOND: String(limit) },
    });
    flooder = await service.organization({ name: 'Flooder' });
    neighbour = await service.organization({ name: 'Neighbour' });
  });
  afterAll(() => service.close());

  test('a flood gets 429 with Retry-After as a SCIM error, changes nothing, and fills no log', async () => {
    const startedAt = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 150 }, (_, i) => flooder.scim('POST', '/Users', { userName: `u${i}@flooder.example` })),
    );
    const seconds = (performance.now() - startedAt) / 1_000;
    const created = answers.filter(({ status }) => status === 201);
    const heldBack = answers.filter(({ status }) => status === 429);
    expect(created.length + heldBack.length).toBe(150);
    expect(created.length).toBeGreaterThanOrEqual(limit);
    // A second's worth at once, then the rate, and a lease.
    expect(created.length).toBeLessThanOrEqual(limit + limit * seconds + 2);
    expect(heldBack.length).toBeGreaterThan(0);
    for (const { headers, body } of heldBack) {
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(headers.get('content-type')).toContain('application/scim+json');
      expect(body).toMatchObject({ status: '429', detail: expect.stringContaining('Retry-After') as string });
    }
    const [row] = await service.db.query<{ users: number; entries: number }>(sql`
      SELECT (SELECT count(*) FROM users WHERE organization_id = ${flooder.id}) AS users,
        (SELECT count(*) FROM sync_logs WHERE organization_id = ${flooder.id} AND action = 'CREATE') AS entries`);
    expect(row).toEqual({ users: created.length, entries: created.length });
  });

  test('the neighbour is not held back meanwhile', async () => {
    const flood = Promise.all(Array.from({ length: 200 }, () => flooder.scim('GET', '/Users?count=1')));
    for (let i = 0; i < 20; i += 1) expect((await neighbour.scim('GET', '/Users?count=1')).status).toBe(200);
    expect((await flood).some(({ status }) => status === 429)).toBe(true);
  });

  test('who does as Retry-After says is let through', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => flooder.scim('GET', '/Users?count=1')));
    const refused = answers.find(({ status }) => status === 429);
    const seconds = Number(refused?.headers.get('retry-after'));
    expect(seconds).toBeGreaterThanOrEqual(1);
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    expect((await flooder.scim('GET', '/Users?count=1')).status).toBe(200);
  });

  test('the admin API holds back too, as problem+json, each organization for itself', async () => {
    const read = (organizationId: string) => service.admin('GET', `/organizations/${organizationId}`);
    const answers = await Promise.all(Array.from({ length: 150 }, () => read(flooder.id)));
    const heldBack = answers.filter(({ status }) => status === 429);
    expect(heldBack.length).toBeGreaterThan(0);
    for (const { headers, body } of heldBack) {
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(headers.get('content-type')).toContain('application/problem+json');
      expect(body).toMatchObject({ status: 429, code: 'too-many-requests' });
    }
    expect((await read(neighbour.id)).status).toBe(200);
  });
});

describe('A18: a stranger', () => {
  let service: TestService;
  let acme: TestOrganization;
  beforeAll(async () => {
    service = await startService({ engine: 'postgres' });
    acme = await service.organization();
  });
  afterAll(() => service.close());

  test('without a credential is held back by address, at every door; who is known there is not', async () => {
    expect((await acme.scim('GET', '/Users')).status).toBe(200);
    const knock = (path: string) =>
      fetch(`${service.url}${path}`, { headers: { authorization: 'Bearer rc_scim_guess' } }).then(async (response) => {
        await response.arrayBuffer();
        return response;
      });
    let refusal: Response | undefined;
    for (let round = 0; round < 40 && refusal === undefined; round += 1) {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          knock(i % 2 === 0 ? `/api/v1/scim/${acme.id}/v2/Users` : '/api/v1/organizations'),
        ),
      );
      expect(answers.every(({ status }) => status === 401 || status === 429)).toBe(true);
      refusal = answers.find(({ status }) => status === 429);
    }
    expect(Number(refusal?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    // From the same address, with credentials that were good there before.
    expect((await acme.scim('GET', '/Users')).status).toBe(200);
    expect((await service.admin('GET', `/organizations/${acme.id}`)).status).toBe(200);
  });
});
