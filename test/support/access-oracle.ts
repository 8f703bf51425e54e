import sql, { empty } from 'sql-template-tag';
import { expect } from 'vitest';
import { findDrift } from '../../src/cli/demo/access-oracle.ts';
import type { Queryable } from '../../src/platform/database.ts';

/** Fails with a list of what differs, unless every directory user's stored access is what groups and mappings say. */
export async function expectNoDrift(db: Queryable, organizationId?: string): Promise<void> {
  const { drift } = await findDrift(db, organizationId);
  expect(drift).toEqual([]);
}

/**
 * Everything that directory sync must never touch, as text to compare before and after: manual grants, and the rows of
 * users whom no identity provider pushed.
 */
export async function snapshotManual(db: Queryable, organizationId?: string): Promise<string> {
  const within = organizationId === undefined ? empty : sql`AND organization_id = ${organizationId}::uuid`;
  const rows = await db.query<{ row: string }>(sql`
    SELECT 'grant ' || g::text AS row FROM workspace_members g WHERE origin = 'manual' ${within}
    UNION ALL
    SELECT 'user ' || u::text FROM users u WHERE managed_by <> 'directory' ${within}
    ORDER BY row`);
  return rows.map(({ row }) => row).join('\n');
}

/** How often to look whether the service is quiet; a look is one indexed count. */
const lookEveryMs = 20;

/**
 * Waits until no job row waits or runs any more, so that the oracle may judge. Failed rows stay for a replay and do
 * not count.
 *
 * @param timeoutMs then it throws, naming how many jobs are left
 * @param organizationId one organization, or every one when left out
 */
export async function untilQuiet(db: Queryable, timeoutMs = 20_000, organizationId?: string): Promise<void> {
  const within = organizationId === undefined ? empty : sql`AND organization_id = ${organizationId}::uuid`;
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const [row] = await db.query<{ unfinished: number }>(
      sql`SELECT count(*) AS unfinished FROM sync_jobs WHERE status <> 'failed' ${within}`,
    );
    if (row?.unfinished === 0) return;
    if (Date.now() > deadline) throw new Error(`${row?.unfinished ?? 0} jobs unfinished after ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}
