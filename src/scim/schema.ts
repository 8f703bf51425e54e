/** Attribute characteristics of RFC 7643 section 7. */
export type AttributeType =
  'string' | 'boolean' | 'decimal' | 'integer' | 'dateTime' | 'reference' | 'binary' | 'complex';
export type Mutability = 'readOnly' | 'readWrite' | 'immutable' | 'writeOnly';
export type Returned = 'always' | 'never' | 'default' | 'request';
export type Uniqueness = 'none' | 'server' | 'global';

export interface AttributeDefinition {
  readonly name: string;
  readonly type: AttributeType;
  readonly multiValued: boolean;
  readonly required: boolean;
  /** Suggestions; other values are accepted, as RFC 7643 section 7 allows. */
  readonly canonicalValues?: readonly string[];
  readonly caseExact: boolean;
  readonly mutability: Mutability;
  readonly returned: Returned;
  readonly uniqueness: Uniqueness;
  readonly referenceTypes?: readonly string[];
  readonly description: string;
  readonly subAttributes?: readonly AttributeDefinition[];
  /**
   * Ours, never shown in /Schemas: clearing this attribute is refused, because its absence would be read as a default.
   * An `active` that is cleared must not become `true`.
   */
  readonly neverUnassigned?: true;
  /** Ours, never shown in /Schemas: in a whole resource `[]` says something else than absence, so parsing keeps it. */
  readonly emptyListKept?: true;
}

export interface SchemaDefinition {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly attributes: readonly AttributeDefinition[];
}

export interface ResourceType {
  readonly name: 'User' | 'Group';
  readonly endpoint: '/Users' | '/Groups';
  readonly description: string;
  readonly schema: SchemaDefinition;
  readonly extensions: readonly SchemaDefinition[];
}

type Characteristics = Partial<Omit<AttributeDefinition, 'name' | 'description'>>;

/** An attribute with the defaults of RFC 7643 section 2.2 for everything that is not said. */
export function defineAttribute(
  name: string,
  description: string,
  characteristics: Characteristics = {},
): AttributeDefinition {
  return {
    name,
    description,
    type: 'string',
    multiValued: false,
    required: false,
    caseExact: false,
    mutability: 'readWrite',
    returned: 'default',
    uniqueness: 'none',
    ...characteristics,
  };
}

/** A list of complex values with the sub-attributes of RFC 7643 section 2.4. */
export function definePluralAttribute(
  name: string,
  description: string,
  options: { value?: Characteristics; types?: readonly string[] } = {},
): AttributeDefinition {
  return defineAttribute(name, description, {
    type: 'complex',
    multiValued: true,
    subAttributes: [
      defineAttribute('value', 'The value itself.', options.value),
      defineAttribute('display', 'A name of the value for people.'),
      defineAttribute('type', 'What the value is used for.', options.types ? { canonicalValues: options.types } : {}),
      defineAttribute('primary', 'Whether this is the preferred value; true at most once.', { type: 'boolean' }),
    ],
  });
}
