import { defineAttribute, type AttributeDefinition } from './schema.ts';

/** The attributes that every resource has, whatever its schema (RFC 7643 sections 3 and 3.1). */
export const commonAttributes: readonly AttributeDefinition[] = [
  defineAttribute('schemas', 'The URNs of the schemas that the resource holds values of.', {
    type: 'reference',
    referenceTypes: ['uri'],
    multiValued: true,
    required: true,
    caseExact: true,
    mutability: 'readOnly',
    returned: 'always',
  }),
  defineAttribute('id', 'The identifier that this service gave to the resource.', {
    required: true,
    caseExact: true,
    mutability: 'readOnly',
    returned: 'always',
    uniqueness: 'server',
  }),
  defineAttribute('externalId', 'The identifier that the identity provider uses for the resource.', {
    caseExact: true,
  }),
  defineAttribute('meta', 'What this service knows about the resource itself.', {
    type: 'complex',
    mutability: 'readOnly',
    subAttributes: [
      defineAttribute('resourceType', 'The name of the resource type.', { caseExact: true, mutability: 'readOnly' }),
      defineAttribute('created', 'When the resource was created.', { type: 'dateTime', mutability: 'readOnly' }),
      defineAttribute('lastModified', 'When the resource last changed.', { type: 'dateTime', mutability: 'readOnly' }),
      defineAttribute('location', 'The address of the resource.', {
        type: 'reference',
        referenceTypes: ['uri'],
        caseExact: true,
        mutability: 'readOnly',
      }),
      defineAttribute('version', 'The entity tag of the resource.', { caseExact: true, mutability: 'readOnly' }),
    ],
  }),
];
