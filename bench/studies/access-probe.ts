import pg from 'pg';
import { percentiles, type Percentiles } from '../measure/statistics.ts';

/**
 * When access was there: the commit times of grants, which Postgres keeps with `track_commit_timestamp`. No polling and
 * no trigger, so that looking costs the service nothing. The time is that of the commit record; it is visible to others
 * when that record is on disk, one flush later.
 */
export async function grantedAt(databaseUrl: string, workspaceIds: readonly string[]): Promise<Map<string, number>> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ user_id: string; at: number }>(
      `SELECT user_id, (extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000)::float8 AS at
      FROM workspace_members WHERE workspace_id = ANY ($1::uuid[]) AND origin = 'directory'`,
      [workspaceIds],
    );
    return new Map(rows.map(({ user_id, at }) => [user_id, at]));
  } finally {
    await client.end();
  }
}

export interface AccessDelays extends Percentiles {
  changes: number;
  most: number;
}

/**
 * From the ingress's answer to the commit of the grant, in milliseconds, for users whose change was operation `from + i`. A
 * grant that was there before the answer counts as 0.
 *
 * @throws when a user has no grant: a change was lost
 */
export function delaysToAccess(
  answeredAt: Float64Array,
  userOf: (position: number) => string,
  granted: ReadonlyMap<string, number>,
): number[] {
  return Array.from(answeredAt, (at, position) => {
    const grantedAtMs = granted.get(userOf(position));
    if (grantedAtMs === undefined) throw new Error(`the user ${userOf(position)} was never given access`);
    return Math.max(0, grantedAtMs - at);
  });
}

/** Of delays that were measured in several parts. */
export function accessDelays(parts: readonly (readonly number[])[]): AccessDelays {
  const delays = parts.flat();
  return { changes: delays.length, ...percentiles([delays]), most: Math.max(...delays) };
}
