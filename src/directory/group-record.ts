import sql, { type Sql } from 'sql-template-tag';
import type { JsonObject } from '../scim/json.ts';
import { InvalidAttributeError } from './directory-errors.ts';
import { externalIdOf } from './external-id.ts';

/** One group as stored, without its members: those are never loaded with the group. */
export interface GroupRow {
  id: string;
  displayName: string;
  externalId: string | null;
  attributes: JsonObject;
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

/** The columns of a `GroupRow`, for a table or CTE called `g`. */
export const groupColumns: Sql = sql`g.id, g.display_name AS "displayName", g.external_id AS "externalId", g.attributes,
  g.version, g.created_at AS "createdAt", g.updated_at AS "updatedAt"`;

/** The writable resource (RFC 7643 section 4.2) without `schemas`, `meta` and `members`. */
export function groupResource(row: GroupRow): JsonObject {
  return {
    id: row.id,
    ...(row.externalId === null ? {} : { externalId: row.externalId }),
    displayName: row.displayName,
    ...row.attributes,
  };
}

/** What a resource means for the columns of `groups`. */
export interface GroupColumns {
  displayName: string;
  externalId: string | null;
  attributes: JsonObject;
}

/** Postgres' index rows end near 2,700 bytes; providers' group names end at 256 characters. */
const maxDisplayNameLength = 500;

/**
 * Splits a resource into columns and the rest. Members are written by set-based SQL, apart from this.
 *
 * @throws InvalidAttributeError when `displayName` is missing or too long (RFC 7643 section 4.2 requires it)
 */
export function groupColumnsOf(resource: JsonObject): GroupColumns {
  const { id: _id, externalId, displayName, members: _members, ...attributes } = resource;
  if (typeof displayName !== 'string' || displayName.trim() === '') {
    throw new InvalidAttributeError('displayName', 'A group needs a displayName: send a text that is not empty.');
  }
  if (displayName.length > maxDisplayNameLength) {
    throw new InvalidAttributeError(
      'displayName',
      `displayName must be at most ${maxDisplayNameLength} characters long.`,
    );
  }
  return { displayName, externalId: externalIdOf(externalId), attributes };
}
