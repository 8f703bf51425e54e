import { patchUser, replaceUser } from '../../directory/change-user.ts';
import { createUser } from '../../directory/create-user.ts';
import { deleteUser } from '../../directory/delete-user.ts';
import { readUser, type UserWithGroups } from '../../directory/read-users.ts';
import { parseResource } from '../../scim/parse-resource.ts';
import { parsePatchRequest } from '../../scim/patch-request.ts';
import { audited } from './audited.ts';
import type { ResourceOperations } from './resource-operations.ts';
import type { ScimRequest } from './scim-request.ts';
import type { ScimDependencies } from './scim-dependencies.ts';

interface UserWriteOptions {
  ifMatch: string | undefined;
  /** Whether the answer shows `groups`; they come with the read that is needed anyway. */
  withGroups?: boolean;
}

/** The writes of users. Bodies are parsed inside of `audited`, so that one that is refused leaves its entry too. */
export function userOperations({
  nudge,
}: Pick<ScimDependencies, 'nudge'>): ResourceOperations<UserWithGroups, UserWithGroups, UserWriteOptions> {
  const reread =
    ({ db, caller }: ScimRequest, withGroups: boolean) =>
    (id: string) =>
      readUser(db, caller.organizationId, id, { withGroups });
  return {
    create: async (request, body) => {
      const user = await audited(
        request,
        { action: 'CREATE', type: 'User', id: null, body },
        async () => {
          const resource = parseResource(body, request.resourceTypes.user);
          return { ...(await createUser(request.db, request.caller, resource)), groups: null };
        },
        reread(request, false),
      );
      nudge(request.caller.organizationId);
      return user;
    },
    replace: async (request, id, body, { ifMatch, withGroups = false }) => {
      const resourceType = request.resourceTypes.user;
      const user = await audited(
        request,
        { action: 'UPDATE', type: 'User', id, body },
        async () => {
          const resource = parseResource(body, resourceType);
          return replaceUser(request.db, request.caller, id, { resource, resourceType, ifMatch, withGroups });
        },
        reread(request, withGroups),
      );
      nudge(request.caller.organizationId);
      return user;
    },
    patch: async (request, id, body, { ifMatch, withGroups = false }) => {
      const resourceType = request.resourceTypes.user;
      const user = await audited(
        request,
        { action: 'UPDATE', type: 'User', id, body: null },
        async () => {
          const operations = parsePatchRequest(body, resourceType);
          return patchUser(request.db, request.caller, id, { operations, resourceType, ifMatch, withGroups });
        },
        reread(request, withGroups),
      );
      nudge(request.caller.organizationId);
      return user;
    },
    remove: (request, id, { ifMatch }) =>
      audited(
        request,
        { action: 'DELETE', type: 'User', id, body: null },
        async () => deleteUser(request.db, request.caller, id, { ifMatch }),
        async () => undefined,
      ),
  };
}
