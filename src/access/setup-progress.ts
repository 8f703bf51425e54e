import sql from 'sql-template-tag';
import { setupCountCap } from '../contract/setup.ts';
import type { ProvisioningMode } from '../contract/organizations.ts';
import type { Queryable } from '../platform/database.ts';
import { NotFoundError } from '../platform/errors.ts';
import {
  directorySyncConditions,
  isActive,
  missingConditions,
  type DirectorySyncState,
} from '../provisioning/directory-sync-state.ts';

interface First {
  at: Date;
  id: string;
  name: string;
}

export interface SetupProgress {
  mode: ProvisioningMode;
  directorySyncActive: boolean;
  prerequisites: Pick<DirectorySyncState, 'planAllows' | 'ssoIsActive' | 'hasVerifiedDomain'>;
  /** What has to be done first, each as a sentence. */
  missing: string[];
  firstTokenAcceptedAt: Date | null;
  lastRequestAt: Date | null;
  firstUser: First | null;
  firstGroup: First | null;
  /** The group's id and name. */
  firstMembership: First | null;
  firstMapping: First | null;
  /** At most `setupCountCap` each. */
  users: number;
  groups: number;
  mappedGroups: number;
}

type Row = DirectorySyncState &
  Omit<SetupProgress, 'directorySyncActive' | 'prerequisites' | 'missing'> &
  Record<'firstUser' | 'firstGroup' | 'firstMembership' | 'firstMapping', (Omit<First, 'at'> & { at: string }) | null>;

/**
 * What a set-up checklist shows, in one query that is asked every few seconds: each part reads the first rows of an
 * index, or counts no further than the cap.
 *
 * @throws NotFoundError for an unknown organization
 */
export async function readSetupProgress(db: Queryable, organizationId: string): Promise<SetupProgress> {
  const [row] = await db.query<Row>(sql`
    SELECT o.provisioning_mode AS mode, ${directorySyncConditions},
      t.first_used_at AS "firstTokenAcceptedAt", t.last_used_at AS "lastRequestAt",
      (SELECT jsonb_build_object('at', u.created_at, 'id', u.id, 'name', u.user_name) FROM users u
       WHERE u.organization_id = o.id AND u.managed_by = 'directory' ORDER BY u.id LIMIT 1) AS "firstUser",
      (SELECT jsonb_build_object('at', g.created_at, 'id', g.id, 'name', g.display_name) FROM groups g
       WHERE g.organization_id = o.id ORDER BY g.id LIMIT 1) AS "firstGroup",
      (SELECT jsonb_build_object('at', m.created_at, 'id', g.id, 'name', g.display_name)
       FROM groups g CROSS JOIN LATERAL (
         SELECT gm.created_at FROM group_members gm
         WHERE gm.group_id = g.id AND gm.organization_id = g.organization_id LIMIT 1) AS m
       WHERE g.organization_id = o.id ORDER BY g.id LIMIT 1) AS "firstMembership",
      (SELECT jsonb_build_object('at', m.created_at, 'id', g.id, 'name', g.display_name)
       FROM group_mappings m JOIN groups g ON g.organization_id = m.organization_id AND g.id = m.group_id
       WHERE m.organization_id = o.id ORDER BY m.created_at, m.group_id LIMIT 1) AS "firstMapping",
      (SELECT count(*) FROM (
        SELECT FROM users u WHERE u.organization_id = o.id LIMIT ${setupCountCap}) AS capped) AS users,
      (SELECT count(*) FROM (
        SELECT FROM groups g WHERE g.organization_id = o.id LIMIT ${setupCountCap}) AS capped) AS groups,
      (SELECT count(*) FROM (
        SELECT FROM group_mappings m WHERE m.organization_id = o.id LIMIT ${setupCountCap}) AS capped) AS "mappedGroups"
    FROM organizations o
    JOIN directory_sync_state s ON s.organization_id = o.id
    CROSS JOIN LATERAL (
      SELECT min(first_used_at) AS first_used_at, max(last_used_at) AS last_used_at
      FROM scim_tokens WHERE organization_id = o.id) AS t
    WHERE o.id = ${organizationId}::uuid`);
  if (row === undefined) throw new NotFoundError('organization', organizationId);
  const { modeIsScim: _, defaultRole: __, planAllows, ssoIsActive, hasVerifiedDomain, ...progress } = row;
  const dated = (first: Row['firstUser']): First | null => first && { ...first, at: new Date(first.at) };
  return {
    ...progress,
    directorySyncActive: isActive(row),
    prerequisites: { planAllows, ssoIsActive, hasVerifiedDomain },
    missing: missingConditions(row),
    firstUser: dated(row.firstUser),
    firstGroup: dated(row.firstGroup),
    firstMembership: dated(row.firstMembership),
    firstMapping: dated(row.firstMapping),
  };
}
