import sql, { empty } from 'sql-template-tag';
import type { Plan, UserNameFormat } from '../contract/organizations.ts';
import type { Database, Queryable } from '../platform/database.ts';
import { NotFoundError } from '../platform/errors.ts';
import { isId, newId } from '../platform/ids.ts';
import { containsPattern, cursorId, pageOf, type Page, type PageRequest } from '../platform/keyset.ts';
import { appendEntry, insertEntry, type Cause } from '../sync-log/append.ts';
import { changeDirectorySettings, syncConsequence } from './directory-settings.ts';
import { organizationColumns, type Organization } from './organization.ts';

export async function createOrganization(
  db: Queryable,
  input: { name: string; plan: Plan; userNameFormat: UserNameFormat; cause: Cause },
): Promise<Organization> {
  const id = newId();
  const entry = insertEntry(
    {
      organizationId: id,
      action: 'CREATE_ORGANIZATION',
      status: 'SUCCESS',
      resource: { type: 'Organization', id, name: input.name },
      cause: input.cause,
      message: `Created the organization on the plan "${input.plan}".`,
      details: { plan: input.plan, userNameFormat: input.userNameFormat },
    },
    sql`FROM o`,
  );
  const [organization] = await db.query<Organization>(sql`
    WITH o AS (
      INSERT INTO organizations (id, name, plan, user_name_format)
      VALUES (${id}::uuid, ${input.name}, ${input.plan}, ${input.userNameFormat})
      RETURNING *
    ), entry AS (${entry})
    SELECT ${organizationColumns} FROM o`);
  if (organization === undefined) throw new Error('INSERT ... RETURNING answered no row');
  return organization;
}

/** @throws NotFoundError */
export async function getOrganization(db: Queryable, organizationId: string): Promise<Organization> {
  if (!isId(organizationId)) throw new NotFoundError('organization', organizationId);
  const [organization] = await db.query<Organization>(
    sql`SELECT ${organizationColumns} FROM organizations o WHERE o.id = ${organizationId}::uuid`,
  );
  if (organization === undefined) throw new NotFoundError('organization', organizationId);
  return organization;
}

/**
 * Newest first.
 *
 * @param only the one organization that there is for the caller; null: all
 */
export async function listOrganizations(
  db: Queryable,
  { q, limit, cursor, only }: PageRequest & { q?: string | undefined; only: string | null },
): Promise<Page<Organization>> {
  const after = cursorId(cursor);
  const rows = await db.query<Organization>(sql`
    SELECT ${organizationColumns} FROM organizations o
    WHERE true ${q === undefined ? empty : sql`AND o.name ILIKE ${containsPattern(q)}`}
      ${after === null ? empty : sql`AND o.id < ${after}::uuid`}
      ${only === null ? empty : sql`AND o.id = ${only}::uuid`}
    ORDER BY o.id DESC LIMIT ${limit + 1}`);
  return pageOf(rows, limit);
}

export interface OrganizationChanges {
  name?: string | undefined;
  plan?: Plan | undefined;
  userNameFormat?: UserNameFormat | undefined;
}

/**
 * Changes what is given. A plan without directory sync pauses it; a plan with it resumes it and re-synchronizes.
 * `userNameFormat` holds for writes from now on, users who are there keep their names.
 *
 * @throws NotFoundError
 */
export async function updateOrganization(
  db: Database,
  { organizationId, changes, cause }: { organizationId: string; changes: OrganizationChanges; cause: Cause },
): Promise<Organization> {
  return db.transaction(async (tx) => {
    const { result, before, after } = await changeDirectorySettings(tx, { organizationId, cause }, async (was) => {
      const wanted = {
        name: changes.name ?? was.name,
        plan: changes.plan ?? was.plan,
        userNameFormat: changes.userNameFormat ?? was.userNameFormat,
      };
      const changed = (['name', 'plan', 'userNameFormat'] as const).filter((key) => wanted[key] !== was[key]);
      if (changed.length === 0) return { organization: was, changed, was };
      const [organization = was] = await tx.query<Organization>(sql`
        UPDATE organizations o
        SET name = ${wanted.name}, plan = ${wanted.plan}, user_name_format = ${wanted.userNameFormat}, updated_at = now()
        WHERE o.id = ${organizationId}::uuid
        RETURNING ${organizationColumns}`);
      return { organization, changed, was };
    });
    const { organization, changed, was } = result;
    await appendEntry(tx, {
      organizationId,
      action: 'UPDATE_ORGANIZATION',
      status: changed.length === 0 ? 'SKIPPED' : 'SUCCESS',
      resource: { type: 'Organization', id: organizationId, name: organization.name },
      cause,
      message:
        changed.length === 0
          ? 'Nothing to change: the organization already has these values.'
          : `Changed ${changed.map((key) => `${key} from "${was[key]}" to "${organization[key]}"`).join(', ')}.` +
            syncConsequence(before, after),
      details: {
        changed: Object.fromEntries(changed.map((key) => [key, { before: was[key], after: organization[key] }])),
      },
    });
    return organization;
  });
}
