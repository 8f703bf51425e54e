import { z } from 'zod';

/** What a sync log entry can be about; the words the console, the API and the exports show. */
export const syncLogActions = [
  'CREATE',
  'UPDATE',
  'DEACTIVATE',
  'REACTIVATE',
  'DELETE',
  'ADD_MEMBERS',
  'REMOVE_MEMBERS',
  'SYNC_ACCESS',
  'UPDATE_MAPPING',
  'RESYNC',
  'CHANGE_PROVISIONING_MODE',
  'ROTATE_TOKEN',
  'REVOKE_TOKEN',
  'CREATE_ADMIN_KEY',
  'REVOKE_ADMIN_KEY',
  'CONSOLE_SIGN_IN',
  'CREATE_ORGANIZATION',
  'UPDATE_ORGANIZATION',
  'UPDATE_SSO_CONNECTION',
  'ADD_DOMAIN',
  'VERIFY_DOMAIN',
  'REMOVE_DOMAIN',
  'CREATE_WORKSPACE',
  'DELETE_WORKSPACE',
  'GRANT_ACCESS',
  'REVOKE_ACCESS',
  'INVITE_USER',
  'REMOVE_USER',
  'SIGN_IN',
  'REPLAY_JOBS',
  'BULK_CHANGE_ALARM',
] as const;
export const syncLogAction = z.enum(syncLogActions).meta({ id: 'SyncLogAction' });
export type SyncLogAction = z.infer<typeof syncLogAction>;

/** SUCCESS: done. SKIPPED: nothing needed doing; the message says why. FAILED: not done; the message says why. */
export const syncLogStatuses = ['SUCCESS', 'SKIPPED', 'FAILED'] as const;
export const syncLogStatus = z.enum(syncLogStatuses).meta({ id: 'SyncLogStatus' });
export type SyncLogStatus = z.infer<typeof syncLogStatus>;

export const syncLogResourceTypes = [
  'User',
  'Group',
  'Organization',
  'SsoConnection',
  'Domain',
  'ScimToken',
  'AdminKey',
  'Workspace',
  'GroupMapping',
  'Job',
] as const;
export const syncLogResourceType = z.enum(syncLogResourceTypes).meta({ id: 'SyncLogResourceType' });
export type SyncLogResourceType = z.infer<typeof syncLogResourceType>;

/** Who caused an entry: an identity provider by its token, an admin by key, the person who signs in, or the service. */
export const actorTypes = ['scim_token', 'admin', 'sign_in', 'system'] as const;
export const actorType = z.enum(actorTypes).meta({ id: 'ActorType' });
export type ActorType = z.infer<typeof actorType>;
