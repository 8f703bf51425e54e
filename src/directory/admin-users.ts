import sql, { join } from 'sql-template-tag';
import type { SortOrder } from '../contract/page.ts';
import type { OrganizationRole } from '../contract/roles.ts';
import type { userSorts } from '../contract/users.ts';
import type { Database, Queryable, Transaction } from '../platform/database.ts';
import { DomainError, NotFoundError } from '../platform/errors.ts';
import { isEmailAddress } from '../platform/email-address.ts';
import { isId, newId } from '../platform/ids.ts';
import { foldCase } from '../scim/fold-case.ts';
import {
  containsPattern,
  cursorId,
  directionOf,
  momentKey,
  pageOf,
  sortedList,
  type Page,
  type PageRequest,
  type SortKey,
} from '../platform/keyset.ts';
import { appendEntry, type Cause } from '../sync-log/append.ts';
import { recordRefusal } from '../sync-log/record-refusal.ts';
import { deleteUserIn } from './delete-user.ts';
import { InvalidAttributeError } from './directory-errors.ts';
import { mapUserConflict } from './user-conflict.ts';

/** A user as an admin sees it. */
export interface AdminUser {
  id: string;
  userName: string;
  email: string | null;
  displayName: string | null;
  externalId: string | null;
  active: boolean;
  /** The effective role: null while inactive, and until the first reconcile of a directory user. */
  role: OrganizationRole | null;
  managedBy: 'directory' | 'manual' | 'jit';
  createdAt: Date;
  updatedAt: Date;
}

const columns = sql`u.id, u.user_name AS "userName", u.email, u.display_name AS "displayName",
  u.external_id AS "externalId", u.active, CASE WHEN u.active THEN u.role END AS role, u.managed_by AS "managedBy",
  u.created_at AS "createdAt", u.updated_at AS "updatedAt"`;

interface UserFilters {
  /** Part of userName, email or display name. */
  q?: string | undefined;
  active?: boolean | undefined;
  /** The effective role. */
  role?: OrganizationRole | undefined;
  managedBy?: AdminUser['managedBy'] | undefined;
}

type UserSort = (typeof userSorts)[number];

export interface UserListQuery extends UserFilters, PageRequest {
  /** Oldest first unless said otherwise. */
  sort?: UserSort | undefined;
  order?: SortOrder | undefined;
}

/** Null: the id alone, which is ordered by time. */
const sortKeys: Record<UserSort, SortKey | null> = {
  createdAt: null,
  userName: { key: sql`left(u.user_name_key, 150)`, kind: 'text' },
  updatedAt: momentKey(sql`u.updated_at`),
};

/**
 * Users that match, in the order that is asked for.
 *
 * @throws DomainError `invalid` (`invalid-cursor`)
 */
export async function listUsers(
  db: Queryable,
  organizationId: string,
  { q, active, role, managedBy, sort = 'createdAt', order = 'asc', limit, cursor }: UserListQuery,
): Promise<Page<AdminUser>> {
  const pattern = q === undefined ? undefined : containsPattern(q);
  const conditions = [
    sql`u.organization_id = ${organizationId}::uuid`,
    ...(pattern === undefined
      ? []
      : [sql`(u.user_name ILIKE ${pattern} OR u.email ILIKE ${pattern} OR u.display_name ILIKE ${pattern})`]),
    ...(active === undefined ? [] : [sql`u.active = ${active}`]),
    ...(role === undefined ? [] : [sql`u.active AND u.role = ${role}`]),
    ...(managedBy === undefined ? [] : [sql`u.managed_by = ${managedBy}`]),
  ];
  const sortKey = sortKeys[sort];
  if (sortKey === null) {
    const { direction, isBehind } = directionOf(order);
    const after = cursorId(cursor);
    if (after !== null) conditions.push(sql`u.id ${isBehind} ${after}::uuid`);
    const rows = await db.query<AdminUser>(sql`
      SELECT ${columns} FROM users u WHERE ${join(conditions, ' AND ')} ORDER BY u.id ${direction} LIMIT ${limit + 1}`);
    return pageOf(rows, limit);
  }
  const { key, kind } = sortKey;
  const list = sortedList({ sort, order, kind }, cursor);
  const rows = await db.query<AdminUser & { key: string | number }>(sql`
    SELECT ${columns}, ${key} AS key FROM users u
    WHERE ${join([...conditions, list.behind(key, sql`u.id`)], ' AND ')}
    ORDER BY ${list.orderBy(key, sql`u.id`)} LIMIT ${limit + 1}`);
  return list.pageOf(rows, limit);
}

/** @throws NotFoundError */
export async function getUser(db: Queryable, organizationId: string, userId: string): Promise<AdminUser> {
  if (!isId(userId)) throw new NotFoundError('user', userId);
  const [user] = await db.query<AdminUser>(sql`
    SELECT ${columns} FROM users u WHERE u.organization_id = ${organizationId}::uuid AND u.id = ${userId}::uuid`);
  if (user === undefined) throw new NotFoundError('user', userId);
  return user;
}

/**
 * An admin invites somebody. Only in the mode `manual`: in the other two, users come from sign-ins or from the
 * identity provider.
 *
 * @param input.role unset: the connection role, or `viewer` without an SSO connection
 * @throws NotFoundError, AlreadyInUseError, InvalidAttributeError, DomainError `conflict` (`mode-not-manual`)
 */
export async function inviteUser(
  db: Database,
  input: {
    organizationId: string;
    email: string;
    name?: string | undefined;
    role?: OrganizationRole | undefined;
    cause: Cause;
  },
): Promise<AdminUser> {
  const { organizationId, email, name, cause } = input;
  const attempt = {
    organizationId,
    action: 'INVITE_USER',
    resource: { type: 'User', id: null, name: email },
    cause,
  } as const;
  return recordRefusal(db, attempt, () =>
    db.transaction(async (tx) => {
      const { mode, defaultRole } = await shareOrganization(tx, organizationId);
      if (mode !== 'manual') throw notManual(mode);
      if (!isEmailAddress(email)) {
        throw new InvalidAttributeError(
          'email',
          `"${email}" is not an email address. Send one such as ada@example.com.`,
        );
      }
      const attributes = {
        ...(name === undefined ? {} : { displayName: name }),
        emails: [{ value: email, type: 'work', primary: true }],
      };
      const role = input.role ?? defaultRole ?? 'viewer';
      const [user] = await mapUserConflict(
        // An admin knows addresses only.
        { userName: 'email', email: 'email' },
        tx.query<AdminUser>(sql`
          INSERT INTO users AS u (organization_id, id, managed_by, user_name, email, display_name, role, attributes, email_values)
          VALUES (${organizationId}::uuid, ${newId()}::uuid, 'manual', ${email}, ${email}, ${name ?? null}, ${role},
            ${JSON.stringify(attributes)}::jsonb, ${[foldCase(email)]})
          RETURNING ${columns}`),
        'Invite another address, or have that user removed first.',
      );
      if (user === undefined) throw new Error('INSERT ... RETURNING answered no row');
      await appendEntry(tx, {
        ...attempt,
        status: 'SUCCESS',
        resource: { ...attempt.resource, id: user.id },
        message: `Invited ${email} with the role ${role}.`,
        details: { roleBefore: null, roleAfter: role },
      });
      return user;
    }),
  );
}

/**
 * An admin removes a user with all access. Whom the identity provider pushed it would push again, so while SCIM is
 * active such a user is removed there.
 *
 * @throws NotFoundError, DomainError `conflict` (`managed-by-directory`)
 */
export async function removeUser(
  db: Database,
  { organizationId, userId, cause }: { organizationId: string; userId: string; cause: Cause },
): Promise<void> {
  const user = await getUser(db, organizationId, userId);
  const attempt = {
    organizationId,
    action: 'REMOVE_USER',
    resource: { type: 'User', id: userId, name: user.userName },
    cause,
  } as const;
  await recordRefusal(db, attempt, () =>
    db.transaction(async (tx) => {
      const { mode, userNameFormat } = await shareOrganization(tx, organizationId);
      const { managedBy } = await getUser(tx, organizationId, userId);
      if (mode === 'scim' && managedBy === 'directory') {
        throw new DomainError(
          'conflict',
          'managed-by-directory',
          `The identity provider manages ${user.userName}. Remove or unassign this person there; to end all directory sync, leave SCIM first.`,
        );
      }
      await deleteUserIn(tx, { organizationId, userNameFormat, cause }, userId, { action: 'REMOVE_USER' });
    }),
  );
}

/** Reads what the rules above depend on, and keeps it as it is until the transaction ends. */
async function shareOrganization(tx: Transaction, organizationId: string) {
  if (!isId(organizationId)) throw new NotFoundError('organization', organizationId);
  const [organization] = await tx.query<{
    mode: 'manual' | 'jit' | 'scim';
    userNameFormat: 'email' | 'any';
    defaultRole: OrganizationRole | null;
  }>(sql`
    SELECT o.provisioning_mode AS mode, o.user_name_format AS "userNameFormat",
      (SELECT c.default_role FROM sso_connections c WHERE c.organization_id = o.id) AS "defaultRole"
    FROM organizations o WHERE o.id = ${organizationId}::uuid FOR SHARE`);
  if (organization === undefined) throw new NotFoundError('organization', organizationId);
  return organization;
}

function notManual(mode: 'jit' | 'scim'): DomainError {
  return new DomainError(
    'conflict',
    'mode-not-manual',
    mode === 'scim'
      ? 'Users cannot be invited while SCIM is active. Assign the person to the application in the identity provider, or leave SCIM first.'
      : 'Users cannot be invited while JIT provisioning is selected: a first sign-in through SSO creates them. Select "manual" to invite.',
  );
}
