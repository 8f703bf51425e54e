/** I7: the entries of one organization stand in the order of their writes, whatever the look-ups of its token took. */
import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startService, type TestService } from '../../support/service.ts';

let service: TestService;
beforeAll(async () => {
  service = await startService({ engine: 'postgres' });
});
afterAll(() => service.close());

test('a look-up that waited for a connection puts no entry behind a later one, and none into the future', async () => {
  const acme = await service.organization();
  const everyConnection = Array.from({ length: 20 }, () => service.db.query(sql`SELECT pg_sleep(0.8)`));
  const askedAt = performance.now();
  await acme.scim('GET', '/Users?count=0');
  expect(performance.now() - askedAt).toBeGreaterThan(400);
  await Promise.all(everyConnection);
  await acme.scim('POST', '/Users', { userName: `first@d${acme.id}.example` });
  // Looked up anew, and quickly: more is known of the database's clock now.
  await acme.scim('GET', '/Schemas');
  await acme.scim('POST', '/Users', { userName: `second@d${acme.id}.example` });
  const entries = await service.db.query<{ name: string; isEarly: boolean }>(sql`
    SELECT split_part(l.resource_name, '@', 1) AS name, uuid_extract_timestamp(l.id) > l.occurred_at AS "isEarly"
    FROM sync_logs l WHERE l.organization_id = ${acme.id} AND l.action = 'CREATE' AND l.resource_type = 'User'
    ORDER BY l.id`);
  expect(entries).toEqual([
    { name: 'first', isEarly: false },
    { name: 'second', isEarly: false },
  ]);
});
