import { groupResource, type GroupRow } from '../../directory/group-record.ts';
import type { Member } from '../../directory/read-groups.ts';
import { weakETag } from '../../scim/etag.ts';
import type { JsonObject } from '../../scim/json.ts';
import { includes, project, type Projection } from '../../scim/projection.ts';
import { schemasOf } from '../../scim/resource-schemas.ts';

interface View {
  baseUrl: string;
  projection: Projection;
}

/** Whether the caller asked for the members: only then are they read. */
export function showsMembers({ projection }: Pick<View, 'projection'>): boolean {
  return includes(projection, 'members');
}

/**
 * The JSON text of a group (RFC 7643 section 8.4), piece by piece: a group of 100,000 members is never in memory as a
 * whole.
 *
 * @param members its members in pages, or undefined where they are not shown
 */
export async function* groupText(
  group: GroupRow,
  members: AsyncIterable<Member[]> | undefined,
  view: View,
): AsyncGenerator<string> {
  const head = JSON.stringify(groupHead(group, view));
  if (members === undefined) {
    yield head;
    return;
  }
  // The head always has `id` (returned: always), so a comma is due.
  let opened = false;
  yield head.slice(0, -1);
  for await (const page of members) {
    const text = JSON.stringify(membersIn(page, view)).slice(1, -1);
    if (text === '') continue;
    yield opened ? `,${text}` : `,"members":[${text}`;
    opened = true;
  }
  yield opened ? ']}' : '}';
}

function groupHead(group: GroupRow, { baseUrl, projection }: View): JsonObject {
  const resource = groupResource(group);
  return project(
    {
      schemas: schemasOf(resource, projection.resourceType),
      ...resource,
      meta: {
        resourceType: 'Group',
        created: group.createdAt.toISOString(),
        lastModified: group.updatedAt.toISOString(),
        location: `${baseUrl}/Groups/${group.id}`,
        version: weakETag(group.version),
      },
    },
    projection,
  );
}

function membersIn(page: readonly Member[], { baseUrl, projection }: View): JsonObject[] {
  const members = page.map(({ value, display }) => ({
    value,
    $ref: `${baseUrl}/Users/${value}`,
    type: 'User',
    ...(display === null ? {} : { display }),
  }));
  const shown = project({ members }, projection)['members'];
  return (shown ?? []) as JsonObject[];
}
