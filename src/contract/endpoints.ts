import { activityEndpoints } from './activity.ts';
import { adminKeyEndpoints } from './admin-keys.ts';
import { domainEndpoints } from './domains.ts';
import { driftEndpoints } from './drift.ts';
import { groupEndpoints } from './groups.ts';
import { jobEndpoints } from './jobs.ts';
import { operationsEndpoints } from './operations.ts';
import { organizationEndpoints } from './organizations.ts';
import { provisioningEndpoints } from './provisioning.ts';
import { scimSchemaEndpoints } from './scim-schemas.ts';
import { sessionEndpoints } from './session.ts';
import { setupEndpoints } from './setup.ts';
import { syncLogEndpoints } from './sync-log-endpoints.ts';
import { userEndpoints } from './users.ts';
import { workspaceEndpoints } from './workspaces.ts';

/** Every operation of the admin API, by its operation id. */
export const endpoints = {
  ...sessionEndpoints,
  ...organizationEndpoints,
  ...domainEndpoints,
  ...provisioningEndpoints,
  ...setupEndpoints,
  ...adminKeyEndpoints,
  ...workspaceEndpoints,
  ...groupEndpoints,
  ...userEndpoints,
  ...syncLogEndpoints,
  ...jobEndpoints,
  ...driftEndpoints,
  ...operationsEndpoints,
  ...activityEndpoints,
  ...scimSchemaEndpoints,
} as const;
