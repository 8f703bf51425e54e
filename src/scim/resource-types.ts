import { enterpriseUserSchema } from './enterprise-user-schema.ts';
import { groupSchema } from './group-schema.ts';
import type { ResourceType } from './schema.ts';
import { userSchema } from './user-schema.ts';

/** `/Users`. A further extension is another value: `{ ...userResourceType, extensions: [...] }`. */
export const userResourceType: ResourceType = {
  name: 'User',
  endpoint: '/Users',
  description: 'User Account',
  schema: userSchema,
  extensions: [enterpriseUserSchema],
};

/** `/Groups`. */
export const groupResourceType: ResourceType = {
  name: 'Group',
  endpoint: '/Groups',
  description: 'Group',
  schema: groupSchema,
  extensions: [],
};
