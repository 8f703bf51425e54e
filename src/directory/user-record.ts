import sql, { type Sql } from 'sql-template-tag';
import { foldCase } from '../scim/fold-case.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../scim/json.ts';
import { InvalidAttributeError } from './directory-errors.ts';
import { emailOf } from './user-identity.ts';

/** One user as stored: some attributes in columns of their own, the rest in `attributes`. */
export interface UserRow {
  id: string;
  managedBy: 'directory' | 'manual' | 'jit';
  userName: string;
  externalId: string | null;
  active: boolean;
  attributes: JsonObject;
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

/** The columns of a `UserRow`, for a table or CTE called `u`. */
export const userColumns: Sql = sql`u.id, u.managed_by AS "managedBy", u.user_name AS "userName", u.external_id AS "externalId",
  u.active, u.attributes, u.version, u.created_at AS "createdAt", u.updated_at AS "updatedAt"`;

/** The writable resource (RFC 7643 section 4.1) without `schemas`, `meta` and `groups`, which are derived on output. */
export function userResource(row: UserRow): JsonObject {
  return {
    id: row.id,
    ...(row.externalId === null ? {} : { externalId: row.externalId }),
    userName: row.userName,
    active: row.active,
    ...row.attributes,
  };
}

/** What a resource means for the columns of `users`. */
export interface UserColumns {
  userName: string;
  email: string | null;
  externalId: string | null;
  displayName: string | null;
  active: boolean;
  attributes: JsonObject;
  emailValues: string[];
}

/**
 * Splits a resource into columns and the rest.
 *
 * @param resource as `scim/` parsed or patched it: types are right
 * @param activeWhenAbsent what an absent `active` means: true on create, the present state on replace
 * @throws InvalidAttributeError when userName is missing, or it or the email break the organization's rule
 */
export function userColumnsOf(
  resource: JsonObject,
  userNameFormat: 'email' | 'any',
  activeWhenAbsent: boolean,
): UserColumns {
  const { id: _id, externalId, userName, active, ...attributes } = resource;
  if (typeof userName !== 'string') throw new InvalidAttributeError('userName', 'A user needs a userName.');
  const emails = elements(attributes['emails']);
  return {
    userName,
    email: emailOf({ userNameFormat, userName, emails }),
    externalId: textOrNull(externalId),
    displayName: textOrNull(attributes['displayName']),
    active: typeof active === 'boolean' ? active : activeWhenAbsent,
    attributes,
    emailValues: [...new Set(emails.flatMap(({ value }) => (typeof value === 'string' ? [foldCase(value)] : [])))],
  };
}

function elements(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function textOrNull(value: JsonValue | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
