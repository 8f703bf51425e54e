import { z } from 'zod';

/** Organization roles, lowest first: the position is the rank. */
export const organizationRoles = ['viewer', 'developer', 'admin'] as const;
export const organizationRole = z.enum(organizationRoles).meta({ id: 'OrganizationRole' });
export type OrganizationRole = z.infer<typeof organizationRole>;
