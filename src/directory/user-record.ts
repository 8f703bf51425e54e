import { isDeepStrictEqual } from 'node:util';
import sql, { type Sql } from 'sql-template-tag';
import { foldCase } from '../scim/fold-case.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../scim/json.ts';
import { InvalidAttributeError } from './directory-errors.ts';
import { externalIdOf, maxIndexedLength } from './external-id.ts';
import { emailOf } from './user-identity.ts';

/** One user as stored: some attributes in columns of their own, the rest in `attributes`. */
export interface UserRow {
  id: string;
  managedBy: 'directory' | 'manual' | 'jit';
  userName: string;
  email: string | null;
  externalId: string | null;
  active: boolean;
  attributes: JsonObject;
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

/** The columns of a `UserRow`, for a table or CTE called `u`. */
export const userColumns: Sql = sql`u.id, u.managed_by AS "managedBy", u.user_name AS "userName", u.email, u.external_id AS "externalId",
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
 * What a change leaves alone is not judged again: a user whose stored name breaks a rule that came later can still be
 * deactivated.
 *
 * @param resource as `scim/` parsed or patched it: types are right
 * @param before the user as stored, where there is one; an absent `active` then means the present state, else true
 * @throws InvalidAttributeError when userName is missing, or a value breaks the organization's rule or is too long
 */
export function userColumnsOf(
  resource: JsonObject,
  userNameFormat: 'email' | 'any',
  before?: { row: UserRow; resource: JsonObject },
): UserColumns {
  const { id: _id, externalId, userName, active, ...attributes } = resource;
  if (typeof userName !== 'string') throw new InvalidAttributeError('userName', 'A user needs a userName.');
  const emails = elements(attributes['emails']);
  const keepsIdentity =
    before !== undefined &&
    before.resource['userName'] === userName &&
    isDeepStrictEqual(before.resource['emails'], attributes['emails']);
  return {
    userName,
    email: keepsIdentity ? before.row.email : emailOf({ userNameFormat, userName, emails }),
    externalId: externalIdOf(externalId),
    displayName: textOrNull(attributes['displayName']),
    active: typeof active === 'boolean' ? active : (before?.row.active ?? true),
    attributes,
    emailValues: emailValuesOf(emails),
  };
}

function emailValuesOf(emails: readonly JsonObject[]): string[] {
  const values = emails.flatMap(({ value }) => (typeof value === 'string' ? [value] : []));
  if (values.some((value) => value.length > maxIndexedLength)) {
    throw new InvalidAttributeError('emails', `An address in emails may have at most ${maxIndexedLength} characters.`);
  }
  return [...new Set(values.map(foldCase))];
}

function elements(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function textOrNull(value: JsonValue | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
