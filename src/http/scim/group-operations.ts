import { patchGroup, replaceGroup } from '../../directory/change-group.ts';
import { createGroup, type CreatedGroup } from '../../directory/create-group.ts';
import { deleteGroup } from '../../directory/delete-group.ts';
import { memberAdditions } from '../../directory/member-additions.ts';
import { readGroup } from '../../directory/read-groups.ts';
import { memberIds } from '../../scim/group-members-patch.ts';
import { parseResource } from '../../scim/parse-resource.ts';
import { parsePatchRequest } from '../../scim/patch-request.ts';
import { audited } from './audited.ts';
import type { ResourceOperations } from './resource-operations.ts';
import type { ScimRequest } from './scim-request.ts';
import type { ScimDependencies } from './scim-dependencies.ts';

/**
 * The writes of groups. A change answers with the version alone: what it costs must not follow the group's size, so
 * whoever wants to show the group reads it.
 */
export function groupOperations({
  nudge,
}: Pick<ScimDependencies, 'nudge'>): ResourceOperations<
  CreatedGroup,
  { id: string; version: number },
  { ifMatch: string | undefined }
> {
  const addInTurn = memberAdditions();
  const reread =
    ({ db, caller }: ScimRequest) =>
    (id: string) =>
      readGroup(db, caller.organizationId, id);
  return {
    create: async (request, body) => {
      const group = await audited<CreatedGroup>(
        request,
        { action: 'CREATE', type: 'Group', id: null, body },
        async () => {
          const resource = parseResource(body, request.resourceTypes.group);
          return createGroup(request.db, request.caller, resource, memberIds(resource) ?? []);
        },
        reread(request),
      );
      nudge(request.caller.organizationId);
      return group;
    },
    replace: async (request, id, body, { ifMatch }) => {
      const resourceType = request.resourceTypes.group;
      const { version } = await audited<{ version: number }>(
        request,
        { action: 'UPDATE', type: 'Group', id, body },
        async () => {
          const resource = parseResource(body, resourceType);
          const members = memberIds(resource);
          return replaceGroup(request.db, request.caller, id, { resource, resourceType, members, ifMatch });
        },
        reread(request),
      );
      nudge(request.caller.organizationId);
      return { id, version };
    },
    patch: async (request, id, body, { ifMatch }) => {
      const resourceType = request.resourceTypes.group;
      const { version } = await audited<{ version: number }>(
        request,
        { action: 'UPDATE', type: 'Group', id, body: null },
        async () => {
          const operations = parsePatchRequest(body, resourceType);
          const addMembers = (add: readonly string[]) => addInTurn(id, request, add);
          return patchGroup(request.db, request.caller, id, { operations, resourceType, ifMatch, addMembers });
        },
        reread(request),
      );
      nudge(request.caller.organizationId);
      return { id, version };
    },
    remove: async (request, id, { ifMatch }) => {
      await audited(
        request,
        { action: 'DELETE', type: 'Group', id, body: null },
        async () => deleteGroup(request.db, request.caller, id, { ifMatch }),
        async () => undefined,
      );
      nudge(request.caller.organizationId);
    },
  };
}
