import type pg from 'pg';

/** The entry of one user as a reconcile writes it. */
const entryColumns = `organization_id, action, status, resource_type, resource_id, resource_name, actor_type, actor_name,
  message, details, request_id, job_id, attempt`;

const entryOf = (grants: string) => `
  u.organization_id, 'SYNC_ACCESS', 'SUCCESS', 'User', u.id::text, u.user_name, 'system', 'Rollcall', 'Access updated: 1 granted.',
  jsonb_build_object('workspacesGranted', ${grants}, 'workspacesRevoked', '[]'::jsonb, 'roleBefore', u.role, 'roleAfter', u.role),
  'bench', gen_random_uuid(), 1`;

/**
 * The same rows and as many entries as a mapping of a large group writes, in one transaction of set-based SQL that knows
 * beforehand what is to be done.
 *
 * @returns seconds
 */
export async function bareMapping(
  client: pg.Client,
  organizationId: string,
  groupId: string,
  { grant, revoke, role }: { grant: string; revoke: string | null; role: string },
): Promise<number> {
  return timed(client, async () => {
    await client.query(
      `INSERT INTO workspace_members (organization_id, workspace_id, user_id, origin)
      SELECT organization_id, $3, user_id, 'directory' FROM group_members WHERE organization_id = $1 AND group_id = $2`,
      [organizationId, groupId, grant],
    );
    if (revoke !== null) {
      await client.query('DELETE FROM workspace_members WHERE organization_id = $1 AND workspace_id = $2', [
        organizationId,
        revoke,
      ]);
    }
    await client.query(
      `UPDATE users u SET role = $3 FROM group_members m
      WHERE m.organization_id = $1 AND m.group_id = $2 AND u.organization_id = $1 AND u.id = m.user_id`,
      [organizationId, groupId, role],
    );
    await client.query(
      `INSERT INTO sync_logs (${entryColumns})
      SELECT ${entryOf(`jsonb_build_array(jsonb_build_object('id', $3::text, 'name', 'One'))`)}
      FROM group_members m JOIN users u ON u.organization_id = m.organization_id AND u.id = m.user_id
      WHERE m.organization_id = $1 AND m.group_id = $2`,
      [organizationId, groupId, grant],
    );
  });
}

/** The same for a resync in which everybody is granted what their groups' mappings say. @returns seconds */
export async function bareResync(client: pg.Client, organizationId: string): Promise<number> {
  return timed(client, async () => {
    await client.query(
      `INSERT INTO workspace_members (organization_id, workspace_id, user_id, origin)
      SELECT DISTINCT m.organization_id, w.workspace_id, m.user_id, 'directory'
      FROM group_members m
      JOIN group_mapping_workspaces w ON w.organization_id = m.organization_id AND w.group_id = m.group_id
      WHERE m.organization_id = $1`,
      [organizationId],
    );
    await client.query(
      `INSERT INTO sync_logs (${entryColumns})
      SELECT ${entryOf(`jsonb_build_array(jsonb_build_object('id', g.workspace_id, 'name', 'Everything'))`)}
      FROM workspace_members g JOIN users u ON u.organization_id = g.organization_id AND u.id = g.user_id
      WHERE g.organization_id = $1`,
      [organizationId],
    );
  });
}

async function timed(client: pg.Client, work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await client.query('BEGIN');
  await work();
  await client.query('COMMIT');
  return (performance.now() - startedAt) / 1_000;
}
