import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startService, type TestOrganization, type TestService } from '../support/service.ts';
import { foreignRows } from './foreign-rows.ts';

let service: TestService;
let organization: TestOrganization;
let foreign: TestOrganization;

beforeAll(async () => {
  service = await startService({ engine: 'postgres' });
  organization = await service.organization({ name: 'Own' });
  foreign = await service.organization({ name: 'Foreign' });
});
afterAll(() => service.close());

test('changes of the own organization do not count, a single changed value of another one does', async () => {
  const foreignId = await foreign.user('eve@foreign.example');
  await service.quiet();
  const before = await foreignRows(service.db, organization.id);
  await organization.group('Own', [await organization.user('ada@own.example')]);
  await service.quiet();
  expect(await foreignRows(service.db, organization.id)).toEqual(before);
  await service.db.query(sql`UPDATE users SET display_name = 'x' WHERE id = ${foreignId}`);
  expect(await foreignRows(service.db, organization.id)).not.toEqual(before);
});
