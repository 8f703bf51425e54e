import sql from 'sql-template-tag';
import { findDrift } from '../../../src/cli/demo/access-oracle.ts';
import type { Queryable } from '../../../src/platform/database.ts';
import type { Doubt, OrganizationModel } from '../traffic/model.ts';
import type { Exchange } from '../traffic/requests.ts';
import { misloggedJobs, unjustifiedGrants } from './history.ts';

/** One promise that did not hold, in words, beginning with the invariant's number. */
export type Violation = string;

export interface Checked {
  violations: Violation[];
  /** What was looked at. */
  counts: Record<string, number>;
}

/** What directory sync must never touch, as text, to compare before and after (I6). */
export async function snapshotManual(
  db: Queryable,
  organizations: readonly OrganizationModel[],
): Promise<readonly string[]> {
  const rows = await db.query<{ row: string }>(sql`
    SELECT 'grant ' || g::text AS row FROM workspace_members g
    WHERE origin = 'manual' AND organization_id = ANY (${idsOf(organizations)}::uuid[])
      AND NOT workspace_id = ANY (${organizations.map((one) => one.byHandWorkspace)}::uuid[])
    UNION ALL
    SELECT 'user ' || u::text FROM users u
    WHERE managed_by <> 'directory' AND organization_id = ANY (${idsOf(organizations)}::uuid[])
    ORDER BY row`);
  return rows.map(({ row }) => row);
}

/** Judges I1-I3 and I5-I9; nothing may be on its way any more. (I4 is looked at while the traffic runs.) */
export async function checkInvariants(options: {
  db: Queryable;
  organizations: readonly OrganizationModel[];
  exchanges: readonly Exchange[];
  manualBefore: readonly string[];
  /** Whether Postgres itself was disturbed: the FAILED entry of a refused write may then be missing. */
  postgresDisturbed: boolean;
}): Promise<Checked> {
  const { db, organizations, exchanges, manualBefore } = options;
  const violations: Violation[] = [];
  const ids = idsOf(organizations);

  const doubts = await decideDoubts(db, organizations);
  for (const organization of organizations) violations.push(...(await compareWithModel(db, organization)));

  let users = 0;
  let grants = 0;
  for (const id of ids) {
    const found = await findDrift(db, id);
    users += found.usersChecked;
    grants += found.grantsExpected;
    violations.push(...found.drift.map((one) => `I3: ${JSON.stringify(one)}`));
  }
  for (const grant of await unjustifiedGrants(db, ids)) violations.push(`I5: ${JSON.stringify(grant)}`);

  const manualAfter = await snapshotManual(db, organizations);
  if (manualAfter.join('\n') !== manualBefore.join('\n')) {
    violations.push(`I6: before ${manualBefore.join(' | ')}; after ${manualAfter.join(' | ')}`);
  }
  violations.push(...(await compareEntries(db, ids, exchanges, options.postgresDisturbed)));
  for (const job of await misloggedJobs(db, ids)) violations.push(`I7: job ${JSON.stringify(job)}`);

  const left = await db.query<{ id: string; status: string; error: string | null }>(sql`
    SELECT id, status, error FROM sync_jobs WHERE organization_id = ANY (${ids}::uuid[])`);
  for (const job of left) violations.push(`I8: job ${JSON.stringify(job)} is left`);

  return {
    violations,
    counts: { users, grants, doubts, writes: exchanges.filter((one) => one.kind !== 'read').length },
  };
}

function idsOf(organizations: readonly OrganizationModel[]): string[] {
  return organizations.map(({ id }) => id);
}

/**
 * A write whose answer was lost has happened exactly if one of its attempts left an entry that says so; the comparison
 * with what is stored then shows whether it happened wholly. @returns how many were in doubt
 */
async function decideDoubts(db: Queryable, organizations: readonly OrganizationModel[]): Promise<number> {
  const doubtful = organizations.flatMap((one) => [...one.users, ...one.groups, ...one.byHand.values()]);
  const doubts = new Set<Doubt>(
    [
      ...doubtful.map(({ doubt }) => doubt),
      ...organizations.flatMap((one) => one.groups.map(({ mappingDoubt }) => mappingDoubt)),
    ].filter((doubt) => doubt !== undefined),
  );
  for (const doubt of doubts) {
    const [happened] = await db.query<{ resourceId: string | null }>(sql`
      SELECT resource_id AS "resourceId" FROM sync_logs
      WHERE organization_id = ANY (${idsOf(organizations)}::uuid[]) AND request_id = ANY (${doubt.requestIds}::text[])
        AND action <> 'SYNC_ACCESS' AND status <> 'FAILED'
      ORDER BY id DESC LIMIT 1`);
    if (happened !== undefined) doubt.apply(happened.resourceId ?? '');
  }
  return doubts.size;
}

/** I1 and I2: what is stored is what was acknowledged, all of it and nothing else. */
async function compareWithModel(db: Queryable, organization: OrganizationModel): Promise<Violation[]> {
  const { id } = organization;
  const stored = {
    users: await lines(
      db,
      sql`
      SELECT id || ' ' || user_name || ' ' || active || ' ' || coalesce(display_name, '') || '|'
        || coalesce(attributes->>'title', '') || '|' || coalesce(attributes->>'nickName', '') AS line
      FROM users WHERE organization_id = ${id} AND managed_by = 'directory'`,
    ),
    groups: await lines(
      db,
      sql`
      SELECT id || ' ' || display_name || ' ' || coalesce(external_id, '') AS line FROM groups WHERE organization_id = ${id}`,
    ),
    members: await lines(
      db,
      sql`
      SELECT group_id || ' ' || user_id AS line FROM group_members WHERE organization_id = ${id}`,
    ),
    mappings: await lines(
      db,
      sql`
      SELECT m.group_id || ' ' || coalesce(m.role, '-') || ' ' || coalesce(string_agg(w.workspace_id::text, ',' ORDER BY w.workspace_id::text COLLATE "C"), '') AS line
      FROM group_mappings m
      LEFT JOIN group_mapping_workspaces w ON w.organization_id = m.organization_id AND w.group_id = m.group_id
      WHERE m.organization_id = ${id} GROUP BY m.group_id, m.role`,
    ),
    byHand: await lines(
      db,
      sql`
      SELECT user_id AS line FROM workspace_members
      WHERE organization_id = ${id} AND workspace_id = ${organization.byHandWorkspace}`,
    ),
  };
  const users = organization.users.filter((user) => user.exists);
  const groups = organization.groups.filter((group) => group.exists);
  const expected: Record<keyof typeof stored, string[]> = {
    users: users.map(
      ({ id: userId, userName, active, text }) => `${userId} ${userName} ${active} ${text}|${text}|${text}`,
    ),
    groups: groups.map((group) => `${group.id} ${group.name} ${group.name}`),
    members: users.flatMap((user) =>
      [...user.groups].filter((group) => group.exists).map((group) => `${group.id} ${user.id}`),
    ),
    mappings: groups.flatMap(({ id: groupId, mapping }) =>
      mapping === undefined ? [] : [`${groupId} ${mapping.role ?? '-'} ${[...mapping.workspaceIds].sort().join(',')}`],
    ),
    byHand: [...organization.byHand].filter(([, { granted }]) => granted).map(([userId]) => userId),
  };
  return (Object.keys(stored) as (keyof typeof stored)[]).flatMap((what) => {
    const there = new Set(stored[what]);
    const wanted = new Set(expected[what]);
    return [
      ...[...wanted].filter((line) => !there.has(line)).map((line) => `I1: ${what}: acknowledged, not stored: ${line}`),
      ...[...there].filter((line) => !wanted.has(line)).map((line) => `I2: ${what}: stored, not acknowledged: ${line}`),
    ];
  });
}

async function lines(db: Queryable, statement: ReturnType<typeof sql>): Promise<string[]> {
  return (await db.query<{ line: string }>(statement)).map(({ line }) => line);
}

/**
 * I7: an answered write has exactly one entry, that of the answer; one without an answer, or answered 5xx, has at most
 * one, since nobody can tell the client whether it came so far. A refused token leaves none.
 */
async function compareEntries(
  db: Queryable,
  organizationIds: readonly string[],
  exchanges: readonly Exchange[],
  postgresDisturbed: boolean,
): Promise<Violation[]> {
  const entries = await db.query<{ requestId: string; statuses: string[] }>(sql`
    SELECT request_id AS "requestId", array_agg(status ORDER BY id) AS statuses FROM sync_logs
    WHERE organization_id = ANY (${organizationIds}::uuid[]) AND action <> 'SYNC_ACCESS' AND request_id IS NOT NULL
    GROUP BY request_id`);
  const statusesOf = new Map(entries.map(({ requestId, statuses }) => [requestId, statuses]));
  return exchanges.flatMap(({ kind, requestId, status, what }) => {
    const found = statusesOf.get(requestId) ?? [];
    const complaint = `I7: ${what} (${requestId}), answered ${status}, has the entries [${found.join(', ')}]`;
    if (kind === 'read' || status === 401 || status === 'refused') return found.length === 0 ? [] : [complaint];
    if (status === 'lost' || status >= 500) return found.length <= 1 ? [] : [complaint];
    if (status < 300) return found.length === 1 && found[0] !== 'FAILED' ? [] : [complaint];
    if (found.length === 0 && postgresDisturbed) return [];
    return found.length === 1 && found[0] === 'FAILED' ? [] : [complaint];
  });
}
