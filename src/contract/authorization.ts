import type { endpoints } from './endpoints.ts';

/**
 * Who may call the admin API, most powerful first: the operator of Rollcall, and the two roles of an organization's
 * keys. Each may do everything that those after it may; a key of an organization reaches that organization only, every
 * other answers like one that does not exist.
 */
export const adminRoles = ['platform', 'admin', 'viewer'] as const;
export type AdminRole = (typeof adminRoles)[number];

export interface Permission {
  /** The least powerful role that may. */
  readonly least: AdminRole;
  /** Fields of the request that only the platform may send. */
  readonly platformFields?: readonly string[];
}

const viewer: Permission = { least: 'viewer' };
const admin: Permission = { least: 'admin' };
const platform: Permission = { least: 'platform' };

/** What each operation of the admin API takes. The one place that decides; without a row an operation does not exist. */
export const permissions: Readonly<Record<keyof typeof endpoints, Permission>> = {
  // Signing in asks for no role; what the key opens is looked up then.
  createSession: viewer,
  getSession: viewer,
  deleteSession: viewer,

  createOrganization: platform,
  // To a key of an organization the list shows that one.
  listOrganizations: viewer,
  getOrganization: viewer,
  updateOrganization: { least: 'admin', platformFields: ['plan'] },
  getSsoConnection: viewer,
  setSsoConnection: admin,

  // Only the platform takes somebody's word for a domain; everybody else proves it by DNS.
  addDomain: { least: 'admin', platformFields: ['verified'] },
  listDomains: viewer,
  verifyDomain: { least: 'admin', platformFields: ['verified'] },
  removeDomain: admin,

  getProvisioning: viewer,
  getSetup: viewer,
  setProvisioning: admin,
  rotateScimToken: admin,
  listScimTokens: viewer,
  revokeScimToken: admin,

  createAdminKey: admin,
  listAdminKeys: viewer,
  revokeAdminKey: admin,

  createWorkspace: admin,
  listWorkspaces: viewer,
  deleteWorkspace: admin,
  grantAccess: admin,
  revokeAccess: admin,

  listGroups: viewer,
  getGroup: viewer,
  getMapping: viewer,
  saveMapping: admin,
  // Computes, changes nothing.
  previewMapping: viewer,

  listUsers: viewer,
  getUser: viewer,
  inviteUser: admin,
  removeUser: admin,
  getUserAccess: viewer,
  getAccessEnds: viewer,
  // In the mode "jit" it creates users.
  decideSignIn: admin,

  listSyncLogs: viewer,
  tailSyncLogs: viewer,
  getTrace: viewer,
  exportSyncLogs: viewer,
  getSyncLogEntry: viewer,
  getActivity: viewer,
  getActivityOfAll: platform,

  getHealth: viewer,
  getOperations: platform,
  listOrganizationHealth: platform,

  listJobs: viewer,
  getJob: viewer,
  getJobOutcome: viewer,
  replayJobs: admin,
  getReplay: viewer,
  listAllJobs: platform,
  replayAllJobs: platform,
  getReplayOfAll: platform,
  resync: admin,
  reportDrift: viewer,

  listScimSchemas: viewer,
  getScimSchema: viewer,
  setScimSchema: platform,
  deleteScimSchema: platform,
};

/** Whether a role may what `least` may. */
export function mayDo(role: AdminRole, { least }: Permission): boolean {
  return adminRoles.indexOf(role) <= adminRoles.indexOf(least);
}
