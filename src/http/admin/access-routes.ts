import type { Router } from 'express';
import { readAccessEnds } from '../../access/access-ends.ts';
import { explainAccess } from '../../access/explain.ts';
import { grantManually, revokeManually } from '../../access/grants.ts';
import { getGroup, listGroups } from '../../access/list-groups.ts';
import { saveMapping } from '../../access/mappings.ts';
import { previewMapping } from '../../access/preview-mapping.ts';
import { groupEndpoints } from '../../contract/groups.ts';
import { userEndpoints } from '../../contract/users.ts';
import { workspaceEndpoints } from '../../contract/workspaces.ts';
import { getUser, inviteUser, listUsers, removeUser } from '../../directory/admin-users.ts';
import type { Database } from '../../platform/database.ts';
import { decideSignIn } from '../../provisioning/sign-in.ts';
import { createWorkspace, deleteWorkspace, listWorkspaces } from '../../provisioning/workspaces.ts';
import { contextOf } from '../request-context.ts';
import { route, type RouteDependencies } from './route.ts';

export interface AccessDependencies extends RouteDependencies {
  db: Database;
  /** Entries of the sync log that are older are not shown; null: all are. */
  syncLogRetentionDays: number | null;
}

/** Workspaces, groups and their mappings, users, grants and sign-ins. */
export function addAccessRoutes(router: Router, deps: AccessDependencies): void {
  addWorkspaceRoutes(router, deps);
  addGroupRoutes(router, deps);
  addUserRoutes(router, deps);
}

function addWorkspaceRoutes(router: Router, deps: AccessDependencies): void {
  route(router, deps, workspaceEndpoints.createWorkspace, ({ db, params, body, cause }) =>
    createWorkspace(db, { ...params, ...body, cause }),
  );
  route(router, deps, workspaceEndpoints.listWorkspaces, ({ db, params, query }) =>
    listWorkspaces(db, { ...params, ...query }),
  );
  route(router, deps, workspaceEndpoints.deleteWorkspace, ({ db, params, cause }) =>
    deleteWorkspace(db, { ...params, cause }),
  );
  route(router, deps, workspaceEndpoints.grantAccess, ({ db, params, cause }) =>
    grantManually(db, { ...params, cause }),
  );
  route(router, deps, workspaceEndpoints.revokeAccess, ({ db, params, cause }) =>
    revokeManually(db, { ...params, cause }),
  );
}

function addGroupRoutes(router: Router, deps: AccessDependencies): void {
  route(router, deps, groupEndpoints.listGroups, ({ db, params, query }) =>
    listGroups(db, params.organizationId, query),
  );
  route(router, deps, groupEndpoints.getGroup, ({ db, params }) => getGroup(db, params.organizationId, params.groupId));
  route(router, deps, groupEndpoints.getMapping, async ({ db, params }) => {
    const { mapping } = await getGroup(db, params.organizationId, params.groupId);
    return mapping ?? { workspaceIds: [], role: null, updatedAt: null };
  });
  route(router, deps, groupEndpoints.saveMapping, ({ db, params, body, cause }) => {
    const { confirm = false, ...mapping } = body;
    return saveMapping(db, { ...params, ...mapping, confirm, cause });
  });
  route(router, deps, groupEndpoints.previewMapping, ({ db, params, body }) =>
    previewMapping(db, { ...params, ...body }),
  );
}

function addUserRoutes(router: Router, deps: AccessDependencies): void {
  route(router, deps, userEndpoints.listUsers, ({ db, params, query }) => listUsers(db, params.organizationId, query));
  route(router, deps, userEndpoints.getUser, ({ db, params }) => getUser(db, params.organizationId, params.userId));
  route(router, deps, userEndpoints.inviteUser, ({ db, params, body, cause }) =>
    inviteUser(db, { ...params, ...body, cause }),
  );
  route(router, deps, userEndpoints.removeUser, ({ db, params, cause }) => removeUser(db, { ...params, cause }));
  route(router, deps, userEndpoints.getUserAccess, ({ db, params }) =>
    explainAccess(db, params.organizationId, params.userId),
  );
  route(router, deps, userEndpoints.getAccessEnds, ({ db, params }) =>
    readAccessEnds(db, params.organizationId, params.userId, { retentionDays: deps.syncLogRetentionDays }),
  );
  route(router, deps, userEndpoints.decideSignIn, async ({ db, params, body, cause, res }) => {
    const decision = await decideSignIn(db, { ...params, ...body, requestId: cause.requestId });
    if (!decision.allowed) contextOf(res).metrics.countSignInDenial(decision.reason);
    return decision;
  });
}
