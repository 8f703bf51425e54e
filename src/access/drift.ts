import sql, { empty, type Sql } from 'sql-template-tag';
import type { OrganizationRole } from '../contract/roles.ts';
import type { Database, Transaction } from '../platform/database.ts';
import { NotFoundError } from '../platform/errors.ts';
import { isId } from '../platform/ids.ts';
import { cursorId, type PageRequest } from '../platform/keyset.ts';
import { isActive, readDirectorySyncState } from '../provisioning/directory-sync-state.ts';
import { accessDifference } from './desired-access.ts';

export interface DriftingUser {
  userId: string;
  userName: string;
  active: boolean;
  /** Workspaces that groups and mappings give, and that are not granted. At most 100 are named. */
  workspacesMissing: { id: string; name: string }[];
  /** Workspaces that are granted, and that no group gives. At most 100 are named. */
  workspacesSurplus: { id: string; name: string }[];
  roleActual: OrganizationRole | null;
  roleDesired: OrganizationRole | null;
}

export interface DriftTotals {
  /** Users of the directory who were looked at. */
  checked: number;
  /** False: there are more users than one report can look at. */
  complete: boolean;
  /** Users whose grants or role differ. */
  drifting: number;
  missing: number;
  surplus: number;
  roles: number;
}

export interface DriftReport {
  /** False: nothing is being applied, so a difference is expected. */
  directorySyncActive: boolean;
  /** Jobs of the organization that are waiting or at work: differences may be changes on their way. */
  unfinishedJobs: number;
  /** Jobs that failed and wait for a replay. */
  failedJobs: number;
  /** Of the whole organization; null on later pages, which only name more users. */
  totals: DriftTotals | null;
  /** One page of those who differ, by id; it may be empty though there are more. */
  items: DriftingUser[];
  nextCursor: string | null;
}

/** Names per user and kind: what a person can take in. */
const namedWorkspaces = 100;

/** Users compared by one statement: tens of milliseconds, so that none comes near the time limit of statements. */
const usersPerSlice = 1_000;

/** A request is answered within ten seconds. */
const defaultBudgetMs = 6_000;

/**
 * Compares what every directory user holds with what groups and mappings say, by the definition that reconcile applies,
 * and changes nothing: the transaction is read-only. All of one report is of one snapshot.
 *
 * The first page looks at everybody, for the totals; later pages look only as far as they need. It walks in slices and
 * stops when its time is up: the totals then say so, and the cursor leads on.
 *
 * @throws NotFoundError for an unknown organization, DomainError `invalid-cursor`
 */
export async function reportDrift(
  db: Database,
  organizationId: string,
  { limit, cursor }: PageRequest,
  { budgetMs = defaultBudgetMs, sliceSize = usersPerSlice }: { budgetMs?: number; sliceSize?: number } = {},
): Promise<DriftReport> {
  if (!isId(organizationId)) throw new NotFoundError('organization', organizationId);
  const start = cursorId(cursor);
  const deadline = performance.now() + budgetMs;
  return db.transaction(async (tx) => {
    await tx.query(sql`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY`);
    const state = await readDirectorySyncState(tx, organizationId);
    const jobs = await countJobs(tx, organizationId);
    const totals = { checked: 0, drifting: 0, missing: 0, surplus: 0, roles: 0 };
    const found: DriftingUser[] = [];
    let after = start;
    let complete = false;
    while (!complete && (start === null || found.length <= limit)) {
      const slice = await compareSlice(tx, {
        organizationId,
        after,
        users: sliceSize,
        named: limit + 1 - found.length,
      });
      for (const key of ['checked', 'drifting', 'missing', 'surplus', 'roles'] as const) totals[key] += slice[key];
      found.push(...slice.items);
      complete = slice.checked < sliceSize;
      after = slice.lastId ?? after;
      if (performance.now() > deadline) break;
    }
    const items = found.slice(0, limit);
    return {
      directorySyncActive: isActive(state),
      ...jobs,
      totals: start === null ? { ...totals, complete } : null,
      items,
      nextCursor: found.length > limit ? (items.at(-1)?.userId ?? null) : complete ? null : after,
    };
  });
}

async function countJobs(
  tx: Transaction,
  organizationId: string,
): Promise<Pick<DriftReport, 'unfinishedJobs' | 'failedJobs'>> {
  const [row] = await tx.query<Pick<DriftReport, 'unfinishedJobs' | 'failedJobs'>>(sql`
    SELECT count(*) FILTER (WHERE status <> 'failed') AS "unfinishedJobs",
      count(*) FILTER (WHERE status = 'failed') AS "failedJobs"
    FROM sync_jobs WHERE organization_id = ${organizationId}`);
  return row ?? { unfinishedJobs: 0, failedJobs: 0 };
}

interface Slice extends Omit<DriftTotals, 'complete'> {
  /** The last user that was looked at. */
  lastId: string | null;
  items: DriftingUser[];
}

async function compareSlice(
  tx: Transaction,
  options: { organizationId: string; after: string | null; users: number; named: number },
): Promise<Slice> {
  const { organizationId, after, users, named } = options;
  const [slice] = await tx.query<Slice>(sql`
    WITH concerned AS MATERIALIZED (
      SELECT u.id, u.user_name, u.active, u.role, true AS managed
      FROM users u
      WHERE u.organization_id = ${organizationId} AND u.managed_by = 'directory'
        ${after === null ? empty : sql`AND u.id > ${after}::uuid`}
      ORDER BY u.id LIMIT ${users}
    ), ${accessDifference(organizationId)}, role_drift AS MATERIALIZED (
      SELECT user_id, before, after FROM desired_role WHERE before IS DISTINCT FROM after
    ), drifting AS MATERIALIZED (
      SELECT user_id FROM difference UNION SELECT user_id FROM role_drift
    ), page AS MATERIALIZED (
      SELECT user_id AS id FROM drifting ORDER BY user_id LIMIT ${Math.max(named, 0)}
    ), names AS MATERIALIZED (
      SELECT d.user_id, ${namesOf(true)} AS missing, ${namesOf(false)} AS surplus
      FROM page p
      JOIN difference d ON d.user_id = p.id
      JOIN workspaces w ON w.organization_id = ${organizationId} AND w.id = d.workspace_id
      GROUP BY d.user_id
    )
    SELECT
      (SELECT count(*) FROM concerned) AS checked,
      (SELECT id FROM concerned ORDER BY id DESC LIMIT 1) AS "lastId",
      (SELECT count(*) FROM drifting) AS drifting,
      (SELECT count(*) FROM difference WHERE missing) AS missing,
      (SELECT count(*) FROM difference WHERE NOT missing) AS surplus,
      (SELECT count(*) FROM role_drift) AS roles,
      coalesce((
        SELECT jsonb_agg(jsonb_build_object(
          'userId', c.id, 'userName', c.user_name, 'active', c.active,
          'workspacesMissing', coalesce(names.missing, '[]'), 'workspacesSurplus', coalesce(names.surplus, '[]'),
          'roleActual', c.role, 'roleDesired', role.after) ORDER BY c.id)
        FROM page p
        JOIN concerned c ON c.id = p.id
        JOIN desired_role role ON role.user_id = p.id
        LEFT JOIN names ON names.user_id = p.id), '[]') AS items`);
  if (slice === undefined) throw new Error('a query without FROM yields one row');
  return slice;
}

/** The first workspaces by name, of one kind of difference. */
function namesOf(missing: boolean): Sql {
  return sql`to_jsonb((array_agg(jsonb_build_object('id', w.id, 'name', w.name) ORDER BY w.name, w.id)
    FILTER (WHERE d.missing = ${missing}))[1:${namedWorkspaces}::integer])`;
}
