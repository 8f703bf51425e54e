import { createHash } from 'node:crypto';
import type { UserWithGroups } from '../../directory/read-users.ts';
import { userResource } from '../../directory/user-record.ts';
import { weakETag } from '../../scim/etag.ts';
import { isJsonObject, type JsonObject } from '../../scim/json.ts';
import { project, type Projection } from '../../scim/projection.ts';
import { schemasOf } from '../../scim/resource-schemas.ts';

/**
 * The entity tag of a user: its version, and the groups where they are shown, because being added to a group does not
 * move the version.
 */
export function userETag(user: UserWithGroups): string {
  if (user.groups === null) return weakETag(user.version);
  return weakETag(user.version, createHash('sha256').update(JSON.stringify(user.groups)).digest('hex').slice(0, 12));
}

/**
 * A user as the protocol shows it (RFC 7643 section 8.2), cut to what the caller asked for.
 *
 * @param view its `etag`: where the caller has it already
 */
export function userDocument(
  user: UserWithGroups,
  { baseUrl, projection, etag = userETag(user) }: { baseUrl: string; projection: Projection; etag?: string },
): JsonObject {
  const resource = userResource(user);
  const groups = (user.groups ?? []).filter(isJsonObject).map((group) => ({
    ...group,
    // An id, made by `jsonb_build_object` in the query.
    $ref: `${baseUrl}/Groups/${typeof group['value'] === 'string' ? group['value'] : ''}`,
    type: 'direct',
  }));
  return project(
    {
      schemas: schemasOf(resource, projection.resourceType),
      ...resource,
      ...(groups.length === 0 ? {} : { groups }),
      meta: {
        resourceType: 'User',
        created: user.createdAt.toISOString(),
        lastModified: user.updatedAt.toISOString(),
        location: `${baseUrl}/Users/${user.id}`,
        version: etag,
      },
    },
    projection,
  );
}
