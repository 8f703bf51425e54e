import sql, { empty, type Sql } from 'sql-template-tag';
import { healthCountCap } from '../contract/operations.ts';
import type { Plan, ProvisioningMode } from '../contract/organizations.ts';
import { readFailedByClass, type FailedByClass } from '../jobs/failed-by-class.ts';
import { outcomeOfRow, type JobOutcome } from '../jobs/job-outcome.ts';
import { findJobs } from '../jobs/list.ts';
import type { Queryable } from '../platform/database.ts';
import { NotFoundError } from '../platform/errors.ts';
import { containsPattern, cursorId, pageOf, type Page, type PageRequest } from '../platform/keyset.ts';
import { withinLast } from '../sync-log/query.ts';
import { directorySyncConditions, isActive, type DirectorySyncState } from './directory-sync-state.ts';

/** How directory sync of one organization is doing. Counts stop at `healthCountCap`. */
export interface OrganizationHealth {
  id: string;
  name: string;
  plan: Plan;
  mode: ProvisioningMode;
  directorySyncActive: boolean;
  /** The latest accepted SCIM request; true to the minute. */
  lastRequestAt: Date | null;
  unfinishedJobs: number;
  oldestUnfinishedAt: Date | null;
  failedJobs: number;
  failedEntries24h: number;
}

export interface Health extends OrganizationHealth {
  failedByClass: FailedByClass[];
  /** Walks over the whole organization that are not done. */
  walks: (JobOutcome & { reason: string | null; createdAt: Date })[];
}

type HealthRow = Omit<OrganizationHealth, 'directorySyncActive'> & DirectorySyncState;

const maxWalks = 20;

/** Waiting longer than this is worth a look; most jobs are done within a second. */
const attentionAfterSeconds = 60;

/**
 * One page of organizations, newest first. What is counted for each is read from indexes that lead to just those rows,
 * and no further than the cap.
 *
 * @param attention only organizations with failed jobs, or with jobs that wait for over a minute
 */
export async function listOrganizationHealth(
  db: Queryable,
  { q, attention = false, limit, cursor }: PageRequest & { q?: string | undefined; attention?: boolean | undefined },
): Promise<Page<OrganizationHealth>> {
  const before = cursorId(cursor);
  const rows = await readHealth(
    db,
    sql`SELECT * FROM organizations
      WHERE true ${before === null ? empty : sql`AND id < ${before}::uuid`}
        ${q === undefined ? empty : sql`AND name ILIKE ${containsPattern(q)}`}
        ${
          attention
            ? sql`AND id IN (
                SELECT organization_id FROM sync_jobs WHERE status = 'failed'
                UNION
                SELECT organization_id FROM sync_jobs WHERE status IN ('pending', 'dispatched')
                  AND created_at < now() - make_interval(secs => ${attentionAfterSeconds}))`
            : empty
        }
      ORDER BY id DESC LIMIT ${limit + 1}`,
  );
  return pageOf(rows, limit);
}

/** @throws NotFoundError for an unknown organization */
export async function organizationHealth(db: Queryable, organizationId: string): Promise<Health> {
  const [[health], failedByClass, walks] = await Promise.all([
    readHealth(db, sql`SELECT * FROM organizations WHERE id = ${organizationId}::uuid`),
    readFailedByClass(db, organizationId),
    findJobs(db, organizationId, {
      condition: sql`queue = 'workspace-mapping' AND payload ->> 'scope' = 'organization'`,
      limit: maxWalks,
    }),
  ]);
  if (health === undefined) throw new NotFoundError('organization', organizationId);
  return {
    ...health,
    failedByClass,
    walks: walks.map((job) => {
      const { reason } = job.payload;
      return { ...outcomeOfRow(job), reason: typeof reason === 'string' ? reason : null, createdAt: job.createdAt };
    }),
  };
}

async function readHealth(db: Queryable, organizations: Sql): Promise<OrganizationHealth[]> {
  const capped = (rows: Sql): Sql => sql`(SELECT count(*) FROM (${rows} LIMIT ${healthCountCap}) AS capped)`;
  const rows = await db.query<HealthRow>(sql`
    WITH o AS MATERIALIZED (${organizations})
    SELECT o.id, o.name, o.plan, o.provisioning_mode AS mode, ${directorySyncConditions},
      (SELECT max(last_used_at) FROM scim_tokens t WHERE t.organization_id = o.id) AS "lastRequestAt",
      ${capped(sql`SELECT FROM sync_jobs j
        WHERE j.organization_id = o.id AND j.status IN ('pending', 'dispatched')`)} AS "unfinishedJobs",
      (SELECT min(created_at) FROM (
        SELECT created_at FROM sync_jobs j WHERE j.organization_id = o.id AND j.status IN ('pending', 'dispatched')
        ORDER BY j.id LIMIT 1) AS oldest) AS "oldestUnfinishedAt",
      ${capped(sql`SELECT FROM sync_jobs j WHERE j.organization_id = o.id AND j.status = 'failed'`)} AS "failedJobs",
      ${capped(sql`SELECT FROM sync_logs l
        WHERE l.organization_id = o.id AND l.status = 'FAILED'
          AND ${withinLast(sql`interval '24 hours'`, sql`l.`)}`)} AS "failedEntries24h"
    FROM o JOIN directory_sync_state s ON s.organization_id = o.id
    ORDER BY o.id DESC`);
  return rows.map((row) => {
    const {
      modeIsScim: _,
      planAllows: __,
      ssoIsActive: ___,
      hasVerifiedDomain: ____,
      defaultRole: _____,
      ...health
    } = row;
    return { ...health, directorySyncActive: isActive(row) };
  });
}
