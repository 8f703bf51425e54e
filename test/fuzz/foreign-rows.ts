import sql, { raw } from 'sql-template-tag';
import type { Queryable } from '../../src/platform/database.ts';

/**
 * A digest of every row, in every table, that belongs to another organization than the one that is fuzzed: it must be the
 * same before and after. Tables are found by their column `organization_id`, so a new one is covered without being told.
 */
export async function foreignRows(db: Queryable, organizationId: string): Promise<Record<string, string>> {
  const tables = await db.query<{ name: string }>(sql`
    SELECT c.table_name AS name FROM information_schema.columns c
    JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.column_name = 'organization_id'
    UNION SELECT 'organizations' ORDER BY name`);
  const digests: Record<string, string> = {};
  for (const { name } of tables) {
    const column = name === 'organizations' ? 'id' : 'organization_id';
    const [row] = await db.query<{ digest: string }>(sql`
      SELECT count(*) || ' ' || coalesce(md5(string_agg(r::text, ',' ORDER BY r::text)), '') AS digest
      FROM ${raw(name)} AS r WHERE ${raw(column)} IS DISTINCT FROM ${organizationId}::uuid`);
    digests[name] = row?.digest ?? '';
  }
  return digests;
}
