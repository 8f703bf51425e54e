import { patchUser, replaceUser } from '../../directory/change-user.ts';
import { createUser } from '../../directory/create-user.ts';
import { deleteUser } from '../../directory/delete-user.ts';
import type { UserWithGroups } from '../../directory/read-users.ts';
import { parseResource } from '../../scim/parse-resource.ts';
import { parsePatchRequest } from '../../scim/patch-request.ts';
import { audited } from './audited.ts';
import type { ResourceOperations } from './resource-operations.ts';
import type { ScimDependencies } from './scim-dependencies.ts';

interface UserWriteOptions {
  ifMatch: string | undefined;
  /** Whether the answer shows `groups`; they come with the read that is needed anyway. */
  withGroups?: boolean;
}

/** The writes of users. Bodies are parsed inside of `audited`, so that one that is refused leaves its entry too. */
export function userOperations({
  db,
  nudge,
}: Pick<ScimDependencies, 'db' | 'nudge'>): ResourceOperations<UserWithGroups, UserWithGroups, UserWriteOptions> {
  return {
    create: async (request, body) => {
      const user = await audited(db, request, { action: 'CREATE', type: 'User', id: null, body }, async () =>
        createUser(db, request.caller, parseResource(body, request.resourceTypes.user)),
      );
      nudge();
      return { ...user, groups: null };
    },
    replace: async (request, id, body, { ifMatch, withGroups = false }) => {
      const resourceType = request.resourceTypes.user;
      const user = await audited(db, request, { action: 'UPDATE', type: 'User', id, body }, async () =>
        replaceUser(db, request.caller, id, {
          resource: parseResource(body, resourceType),
          resourceType,
          ifMatch,
          withGroups,
        }),
      );
      nudge();
      return user;
    },
    patch: async (request, id, body, { ifMatch, withGroups = false }) => {
      const resourceType = request.resourceTypes.user;
      const user = await audited(db, request, { action: 'UPDATE', type: 'User', id, body: null }, async () =>
        patchUser(db, request.caller, id, {
          operations: parsePatchRequest(body, resourceType),
          resourceType,
          ifMatch,
          withGroups,
        }),
      );
      nudge();
      return user;
    },
    remove: (request, id, { ifMatch }) =>
      audited(db, request, { action: 'DELETE', type: 'User', id, body: null }, async () =>
        deleteUser(db, request.caller, id, { ifMatch }),
      ),
  };
}
