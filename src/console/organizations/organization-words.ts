import type { Plan, ProvisioningMode } from '../../contract/organizations.ts';
import type { OrganizationRole } from '../../contract/roles.ts';

/** The words of the console for what the API abbreviates. */
export const modeWords: Readonly<Record<ProvisioningMode, string>> = {
  manual: 'Manual',
  jit: 'Just-in-time',
  scim: 'SCIM',
};

export const planWords: Readonly<Record<Plan, string>> = {
  free: 'Free',
  business: 'Business',
  enterprise: 'Enterprise',
};

export const roleWords: Readonly<Record<OrganizationRole, string>> = {
  viewer: 'Viewer',
  developer: 'Developer',
  admin: 'Admin',
};
