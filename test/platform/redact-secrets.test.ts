import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { redactedSql, redactSecrets } from '../../src/platform/redact-secrets.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

test.each([
  ['Ada Lovelace', 'Ada Lovelace'],
  ['', ''],
  ['rc_scim_abcdefgh', 'rc_scim_[redacted]'],
  ['a rc_admin_ABC-def_123 and rc_org_12345678.', 'a rc_admin_[redacted] and rc_org_[redacted].'],
  ['rc_session_0123456789', 'rc_session_[redacted]'],
  ['rc_scim_short', 'rc_scim_short'],
  ['arc_scim_abcdefgh', 'arc_scim_abcdefgh'],
  ['rc_other_abcdefgh', 'rc_other_abcdefgh'],
  ['é rc_scim_abcdefgh, érc_scim_abcdefgh', 'é rc_scim_[redacted], érc_scim_[redacted]'],
  ['Bearer abc.def', 'Bearer [redacted]'],
  ['bearer \t abc", next', 'Bearer [redacted]", next'],
  ['BEARER ABC.def', 'Bearer [redacted]'],
  ['RC_scim_abcdefgh', 'RC_scim_abcdefgh'],
  ['Bearers of news', 'Bearers of news'],
  ['postgres://rollcall:secret@db/rollcall', 'postgres://rollcall:[redacted]@db/rollcall'],
  ['see https://example.com/a:b', 'see https://example.com/a:b'],
  ['two https://a:b@c and redis://:d@e', 'two https://a:[redacted]@c and redis://:[redacted]@e'],
])('%j becomes %j, in the process and in SQL', async (text, redacted) => {
  expect(redactSecrets(text)).toBe(redacted);
  expect(await db.query(sql`SELECT ${redactedSql(sql`${text}::text`)} AS redacted`)).toEqual([{ redacted }]);
});
