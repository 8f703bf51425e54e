import { describe, expect, test } from 'vitest';
import { findSchemaDocument } from '../../src/scim/discovery.ts';
import { parseFilter } from '../../src/scim/filter.ts';
import { parseExtensionSchema } from '../../src/scim/parse-extension-schema.ts';
import { parseResource } from '../../src/scim/parse-resource.ts';
import { printFilter } from '../../src/scim/print-filter.ts';
import { userResourceType } from '../../src/scim/resource-types.ts';
import type { ResourceType } from '../../src/scim/schema.ts';
import { refusal } from './refusal.ts';

const id = 'urn:example:scim:acme:2.0:User';
const schema = {
  id,
  name: 'Acme',
  description: 'What Acme adds.',
  attributes: [
    { name: 'badge', type: 'integer', required: true },
    { name: 'doors', type: 'complex', multiValued: true, subAttributes: [{ name: 'value' }, { name: 'type' }] },
  ],
};
const attribute = (more: object): object => ({ ...schema, attributes: [{ name: 'badge', ...more }] });

describe('a registered extension', () => {
  const type: ResourceType = {
    ...userResourceType,
    extensions: [...userResourceType.extensions, parseExtensionSchema(schema)],
  };

  test('is shown by /Schemas, with defaults for what it did not say', () => {
    expect(findSchemaDocument(id, [type], 'https://x')).toMatchObject({
      id,
      name: 'Acme',
      attributes: [
        {
          name: 'badge',
          type: 'integer',
          required: true,
          multiValued: false,
          mutability: 'readWrite',
          returned: 'default',
          uniqueness: 'none',
        },
        {
          name: 'doors',
          type: 'complex',
          multiValued: true,
          subAttributes: [{ name: 'value', caseExact: false }, { name: 'type' }],
        },
      ],
    });
  });

  test('is checked in resources and understood in filters', () => {
    const sent = { userName: 'u', [id]: { BADGE: 7, doors: { value: 'A' } } };
    expect(parseResource(sent, type)).toEqual({ userName: 'u', [id]: { badge: 7, doors: [{ value: 'A' }] } });
    expect(refusal(() => parseResource({ userName: 'u', [id]: { badge: 'x' } }, type)).scimType).toBe('invalidValue');
    expect(printFilter(parseFilter(`${id}:badge ge 7 and ${id}:doors eq "A"`, type))).toBe(
      `${id}:badge ge 7 and ${id}:doors.value eq "A"`,
    );
  });
});

describe('a definition is refused', () => {
  test.each<[string, unknown, string]>([
    ['without an id', { ...schema, id: undefined }, '"id" of the schema'],
    ['with an id that is no URN', { ...schema, id: 'acme' }, 'must be a URN'],
    ['with an id that a path would take apart', { ...schema, id: 'urn:a:b[c]' }, 'must be a URN'],
    ['without a name', { ...schema, name: ' ' }, '"name" of the schema'],
    ['without attributes', { ...schema, attributes: [] }, '"attributes" must be a list'],
    [
      'with too many attributes',
      { ...schema, attributes: Array(201).fill({ name: 'a' }) },
      '"attributes" must be a list',
    ],
    ['with an attribute twice', { ...schema, attributes: [{ name: 'a' }, { name: 'A' }] }, 'defined twice'],
    ['with a wrong name', attribute({ name: 'a.b' }), 'cannot be the name'],
    ['with a reserved name', attribute({ name: 'constructor' }), 'cannot be the name'],
    ['with an unknown type', attribute({ type: 'text' }), '"type" of "badge"'],
    [
      'with complex inside complex',
      attribute({ type: 'complex', subAttributes: [{ name: 'x', type: 'complex' }] }),
      '"badge.x" cannot be complex',
    ],
    ['with complex of nothing', attribute({ type: 'complex' }), '"subAttributes" of "badge"'],
    ['with a flag as text', attribute({ required: 'true' }), '"required" of "badge" must be true or false'],
    [
      'with uniqueness, which is not enforced',
      attribute({ uniqueness: 'server' }),
      '"uniqueness" of "badge" must be "none"',
    ],
    // RFC 7643 section 7: a characteristic that is misspelt would have its default.
    ['with a misspelt characteristic', attribute({ multivalued: true }), 'Write "multiValued"'],
    ['with an unknown characteristic', attribute({ unique: true }), '"unique"'],
    [
      'with sub-attributes of text',
      attribute({ subAttributes: [{ name: 'x' }] }),
      'only an attribute of type "complex"',
    ],
    ['with canonicalValues of a number', attribute({ type: 'integer', canonicalValues: ['1'] }), 'which only text has'],
    // RFC 7643 section 2.1.
    ['with a name that begins with a digit', attribute({ name: '1st' }), 'cannot be the name'],
    ['with a dollar sign in its name', attribute({ name: 'a$b' }), 'cannot be the name'],
    ['with $ref as an attribute', attribute({ name: '$ref' }), 'cannot be the name'],
    // RFC 7643 sections 2.2 and 7.
    ['with required and readOnly', attribute({ required: true, mutability: 'readOnly' }), 'required and readOnly'],
    [
      'with required and writeOnly',
      attribute({ required: true, mutability: 'writeOnly', returned: 'never' }),
      'required and writeOnly',
    ],
    ['with writeOnly that is returned', attribute({ mutability: 'writeOnly' }), 'must be "never" or "request"'],
    ['with canonicalValues that are numbers', attribute({ canonicalValues: [1] }), '"canonicalValues" of "badge"'],
  ])('%s', (_, definition, reason) => {
    const body: unknown = JSON.parse(JSON.stringify(definition));
    const error = refusal(() => parseExtensionSchema(body));
    expect(error.status).toBe(400);
    expect(error.detail).toContain(reason);
  });
});
