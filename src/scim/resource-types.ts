import { enterpriseUserSchema } from './enterprise-user-schema.ts';
import { groupSchema } from './group-schema.ts';
import type { ResourceType, SchemaDefinition } from './schema.ts';
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

/** The resource types that a service offers. */
export interface ResourceTypes {
  readonly user: ResourceType;
  readonly group: ResourceType;
}

/** An extension schema, and the resource type whose resources may carry it. */
export interface RegisteredExtension {
  readonly resourceType: ResourceType['name'];
  readonly schema: SchemaDefinition;
}

/** The resource types with further extensions, which every part of the protocol then knows. */
export function withExtensions(registered: readonly RegisteredExtension[]): ResourceTypes {
  const extended = (resourceType: ResourceType): ResourceType => ({
    ...resourceType,
    extensions: [
      ...resourceType.extensions,
      ...registered.filter((extension) => extension.resourceType === resourceType.name).map(({ schema }) => schema),
    ],
  });
  return { user: extended(userResourceType), group: extended(groupResourceType) };
}
