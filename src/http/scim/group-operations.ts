import { patchGroup, replaceGroup } from '../../directory/change-group.ts';
import { createGroup } from '../../directory/create-group.ts';
import { deleteGroup } from '../../directory/delete-group.ts';
import type { GroupRow } from '../../directory/group-record.ts';
import { memberIds } from '../../scim/group-members-patch.ts';
import { parseResource } from '../../scim/parse-resource.ts';
import { parsePatchRequest } from '../../scim/patch-request.ts';
import { audited } from './audited.ts';
import type { ResourceOperations } from './resource-operations.ts';
import type { ScimDependencies } from './scim-dependencies.ts';

/**
 * The writes of groups. A change answers with the version alone: what it costs must not follow the group's size, so
 * whoever wants to show the group reads it.
 */
export function groupOperations({
  db,
  nudge,
}: Pick<ScimDependencies, 'db' | 'nudge'>): ResourceOperations<
  GroupRow,
  { id: string; version: number },
  { ifMatch: string | undefined }
> {
  return {
    create: async (request, body) => {
      const group = await audited(db, request, { action: 'CREATE', type: 'Group', id: null, body }, async () => {
        const resource = parseResource(body, request.resourceTypes.group);
        return createGroup(db, request.caller, resource, memberIds(resource) ?? []);
      });
      nudge();
      return group;
    },
    replace: async (request, id, body, { ifMatch }) => {
      const resourceType = request.resourceTypes.group;
      const { version } = await audited(db, request, { action: 'UPDATE', type: 'Group', id, body }, async () => {
        const resource = parseResource(body, resourceType);
        const members = memberIds(resource);
        return replaceGroup(db, request.caller, id, { resource, resourceType, members, ifMatch });
      });
      nudge();
      return { id, version };
    },
    patch: async (request, id, body, { ifMatch }) => {
      const resourceType = request.resourceTypes.group;
      const { version } = await audited(db, request, { action: 'UPDATE', type: 'Group', id, body: null }, async () =>
        patchGroup(db, request.caller, id, {
          operations: parsePatchRequest(body, resourceType),
          resourceType,
          ifMatch,
        }),
      );
      nudge();
      return { id, version };
    },
    remove: async (request, id, { ifMatch }) => {
      await audited(db, request, { action: 'DELETE', type: 'Group', id, body: null }, async () =>
        deleteGroup(db, request.caller, id, { ifMatch }),
      );
      nudge();
    },
  };
}
