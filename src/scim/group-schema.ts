import { defineAttribute, type SchemaDefinition } from './schema.ts';
import { groupUrn } from './urns.ts';

/** The core Group schema (RFC 7643 sections 4.2 and 8.7.1). The text of 4.2 makes `displayName` required. */
export const groupSchema: SchemaDefinition = {
  id: groupUrn,
  name: 'Group',
  description: 'A set of users.',
  attributes: [
    defineAttribute('displayName', 'The name of the group.', { required: true }),
    defineAttribute('members', 'The users in the group.', {
      type: 'complex',
      multiValued: true,
      emptyListKept: true,
      subAttributes: [
        defineAttribute('value', 'The id of the user.', { mutability: 'immutable' }),
        defineAttribute('$ref', 'The address of the user.', {
          type: 'reference',
          referenceTypes: ['User'],
          mutability: 'immutable',
        }),
        defineAttribute('type', 'The resource type of the member.', {
          canonicalValues: ['User'],
          mutability: 'immutable',
        }),
        defineAttribute('display', 'The name of the user.', { mutability: 'readOnly' }),
      ],
    }),
  ],
};
