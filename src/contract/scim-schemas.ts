import { z } from 'zod';
import { defineEndpoint } from './endpoint.ts';
import { timestamp } from './text.ts';

/** Longest of any text in a schema; a description is a sentence or two. */
const maxTextLength = 2_000;
const text = z.string().max(maxTextLength);
const maxAttributes = 200;

/** The characteristics of RFC 7643 section 7, of an attribute and of a sub-attribute. */
const characteristics = {
  name: text.min(1),
  description: text,
  multiValued: z.boolean(),
  required: z.boolean(),
  canonicalValues: z.array(text).max(maxAttributes).optional(),
  caseExact: z.boolean(),
  mutability: z.enum(['readOnly', 'readWrite', 'immutable', 'writeOnly']),
  returned: z.enum(['always', 'never', 'default', 'request']),
  uniqueness: z.enum(['none', 'server', 'global']),
  referenceTypes: z.array(text).max(maxAttributes).optional(),
};
const types = ['string', 'boolean', 'decimal', 'integer', 'dateTime', 'reference', 'binary', 'complex'] as const;

const subAttribute = z.object({ type: z.enum(types), ...characteristics });
const attribute = subAttribute
  .extend({ subAttributes: z.array(subAttribute).max(maxAttributes).optional() })
  .meta({ id: 'ScimAttribute' });

/** Whatever is left out has the default of RFC 7643 section 2.2. */
const subAttributeInput = subAttribute
  .partial()
  .required({ name: true })
  .extend({
    uniqueness: z
      .enum(['none'])
      .optional()
      .meta({ description: 'Nothing else: uniqueness of extension attributes is not enforced.' }),
  })
  .strict()
  .meta({ id: 'ScimSubAttributeInput' });
const attributeInput = subAttributeInput
  .extend({ subAttributes: z.array(subAttributeInput).max(maxAttributes).optional() })
  .strict()
  .meta({ id: 'ScimAttributeInput' });

const resourceType = z
  .enum(['User', 'Group'])
  .meta({ description: 'The resources that may carry values of this schema.' });

// The definitions are strict, so that a misspelt characteristic is told; the object around them is not, because a whole
// schema document, `id` and `meta` included, may be sent as it was read.
const setScimSchemaRequest = z
  .object({
    resourceType,
    name: text.min(1),
    description: text.optional(),
    attributes: z.array(attributeInput).min(1).max(maxAttributes),
  })
  .meta({ id: 'SetScimSchema', description: 'An extension schema in the form of RFC 7643 section 7.' });

const scimSchema = z
  .object({
    urn: text,
    resourceType,
    name: text,
    description: text,
    attributes: z.array(attribute),
    createdAt: timestamp,
    updatedAt: timestamp,
  })
  .meta({ id: 'ScimSchema' });
export type ScimSchemaAnswer = z.infer<typeof scimSchema>;

const tag = 'SCIM schemas';
const noQuery = z.strictObject({});

export const scimSchemaEndpoints = {
  listScimSchemas: defineEndpoint({
    method: 'get',
    path: '/scim-schemas',
    operationId: 'listScimSchemas',
    tag,
    summary: 'List the registered extension schemas',
    description: 'There are at most fifty, so the list has one page.',
    query: noQuery,
    request: null,
    status: 200,
    answer: z.object({ items: z.array(scimSchema), nextCursor: z.null() }),
  }),
  getScimSchema: defineEndpoint({
    method: 'get',
    path: '/scim-schemas/{urn}',
    operationId: 'getScimSchema',
    tag,
    summary: 'Show an extension schema',
    query: noQuery,
    request: null,
    status: 200,
    answer: scimSchema,
  }),
  setScimSchema: defineEndpoint({
    method: 'put',
    path: '/scim-schemas/{urn}',
    operationId: 'setScimSchema',
    tag,
    summary: 'Register an extension schema, or replace it',
    description:
      'It holds for all organizations from the next SCIM request on: /Schemas shows it, and filters, PATCH and projection know its attributes. Values that are stored under its URN already are kept.',
    query: noQuery,
    request: setScimSchemaRequest,
    status: 200,
    answer: scimSchema,
    refusals: { 409: 'There are as many schemas as there can be.' },
  }),
  deleteScimSchema: defineEndpoint({
    method: 'delete',
    path: '/scim-schemas/{urn}',
    operationId: 'deleteScimSchema',
    tag,
    summary: 'Take an extension schema out of the registry',
    description: 'Stored values are kept and given back, as those of any unknown URN.',
    query: noQuery,
    request: null,
    status: 204,
    answer: null,
  }),
} as const;
