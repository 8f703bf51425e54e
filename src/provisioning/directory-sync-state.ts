import sql, { type Sql } from 'sql-template-tag';
import type { OrganizationRole } from '../contract/roles.ts';
import type { Queryable } from '../platform/database.ts';
import { NotFoundError } from '../platform/errors.ts';

/** The view `directory_sync_state`: each condition of directory sync by itself. */
export interface DirectorySyncState {
  modeIsScim: boolean;
  planAllows: boolean;
  ssoIsActive: boolean;
  hasVerifiedDomain: boolean;
  /** The connection role; null without an SSO connection. */
  defaultRole: OrganizationRole | null;
}

/** The columns of `DirectorySyncState`, from the view `directory_sync_state` under the alias `s`. */
export const directorySyncConditions: Sql = sql`
  s.mode_is_scim AS "modeIsScim", s.plan_allows AS "planAllows", s.sso_is_active AS "ssoIsActive",
  s.has_verified_domain AS "hasVerifiedDomain", s.default_role AS "defaultRole"`;

/** Whether directory sync runs, as `isActive` says it, from the view under the alias `s`. */
export const directorySyncRuns: Sql = sql`
  s.mode_is_scim AND s.plan_allows AND s.sso_is_active AND s.has_verified_domain`;

/** @throws NotFoundError for an unknown organization */
export async function readDirectorySyncState(db: Queryable, organizationId: string): Promise<DirectorySyncState> {
  const [state] = await db.query<DirectorySyncState>(sql`
    SELECT ${directorySyncConditions} FROM directory_sync_state s WHERE s.organization_id = ${organizationId}::uuid`);
  if (state === undefined) throw new NotFoundError('organization', organizationId);
  return state;
}

/** The prerequisites of directory sync that are not met, each as a sentence that says what to do; none: []. */
export function missingConditions(state: DirectorySyncState): string[] {
  return [
    ...(state.planAllows
      ? []
      : ['Directory sync is available on the business and enterprise plans; upgrade the plan first.']),
    ...(state.ssoIsActive ? [] : ['There is no active SSO connection; set one up and activate it.']),
    ...(state.hasVerifiedDomain ? [] : ['No domain is verified; add a domain and verify it.']),
  ];
}

/** Whether directory sync runs. */
export function isActive(state: DirectorySyncState): boolean {
  return state.modeIsScim && missingConditions(state).length === 0;
}
