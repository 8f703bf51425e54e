import { commonAttributes } from './common-attributes.ts';
import type { AttributeDefinition, ResourceType, SchemaDefinition } from './schema.ts';

/** An attribute, or a sub-attribute of it, that the schemas of a resource type define. */
export interface ResolvedAttribute {
  /** The id of the schema that defines the attribute; of the core schema for `id`, `externalId`, `meta`, `schemas`. */
  readonly urn: string;
  /** Whether the value sits in the object under `urn` instead of at the top of the resource. */
  readonly extension: boolean;
  readonly definition: AttributeDefinition;
  readonly sub?: AttributeDefinition;
}

/** What an attribute name (RFC 7644 section 3.10) stands for. */
export type NameMeaning =
  | { readonly kind: 'attribute'; readonly attribute: ResolvedAttribute }
  | { readonly kind: 'schema'; readonly schema: SchemaDefinition; readonly extension: boolean }
  /** Nothing that a schema defines; `keys` lead to where such a value would sit in a resource. */
  | { readonly kind: 'unknown'; readonly keys: readonly string[] }
  /** A URN that is not registered: the whole text may be the URN, or its last part an attribute. */
  | { readonly kind: 'unknownUrn'; readonly whole: string; readonly keys: readonly string[] };

const indexes = new WeakMap<readonly AttributeDefinition[], ReadonlyMap<string, AttributeDefinition>>();

/** The definition with this name, letter case aside. */
export function findDefinition(
  definitions: readonly AttributeDefinition[] | undefined,
  name: string,
): AttributeDefinition | undefined {
  if (!definitions) return undefined;
  let index = indexes.get(definitions);
  if (!index) {
    index = new Map(definitions.map((definition) => [definition.name.toLowerCase(), definition]));
    indexes.set(definitions, index);
  }
  return index.get(name.toLowerCase());
}

/** The definition of an attribute of the core schema, or of one that every resource has. */
export function findCoreDefinition(name: string, resourceType: ResourceType): AttributeDefinition | undefined {
  return findDefinition(resourceType.schema.attributes, name) ?? findDefinition(commonAttributes, name);
}

/** The registered schema of a resource type with this URN, letter case aside. */
export function findSchema(urn: string, resourceType: ResourceType): SchemaDefinition | undefined {
  const wanted = urn.toLowerCase();
  return [resourceType.schema, ...resourceType.extensions].find((schema) => schema.id.toLowerCase() === wanted);
}

/** Resolves `attr`, `attr.sub`, `urn:attr`, `urn:attr.sub` or `urn`, all without regard to letter case. */
export function lookUpName(text: string, resourceType: ResourceType): NameMeaning {
  const whole = findSchema(text, resourceType);
  if (whole) return { kind: 'schema', schema: whole, extension: whole !== resourceType.schema };

  const lower = text.toLowerCase();
  const schema = [resourceType.schema, ...resourceType.extensions]
    .filter((candidate) => lower.startsWith(`${candidate.id.toLowerCase()}:`))
    .sort((one, other) => other.id.length - one.id.length)[0];
  if (schema) {
    const names = text.slice(schema.id.length + 1).split('.');
    return schema === resourceType.schema ? lookUpCore(names, resourceType) : lookUpExtension(names, schema);
  }
  if (lower.startsWith('urn:')) {
    const split = text.lastIndexOf(':');
    return { kind: 'unknownUrn', whole: text, keys: [text.slice(0, split), ...text.slice(split + 1).split('.')] };
  }
  return lookUpCore(text.split('.'), resourceType);
}

function lookUpCore(names: readonly string[], resourceType: ResourceType): NameMeaning {
  const definition = findCoreDefinition(names[0] ?? '', resourceType);
  if (!definition) return { kind: 'unknown', keys: names };
  return withSub({ urn: resourceType.schema.id, extension: false, definition }, names, [definition.name]);
}

function lookUpExtension(names: readonly string[], schema: SchemaDefinition): NameMeaning {
  const definition = findDefinition(schema.attributes, names[0] ?? '');
  if (!definition) return { kind: 'unknown', keys: [schema.id, ...names] };
  return withSub({ urn: schema.id, extension: true, definition }, names, [schema.id, definition.name]);
}

function withSub(attribute: ResolvedAttribute, names: readonly string[], keys: readonly string[]): NameMeaning {
  if (names.length === 1) return { kind: 'attribute', attribute };
  const sub = names.length === 2 ? findDefinition(attribute.definition.subAttributes, names[1] ?? '') : undefined;
  if (!sub) return { kind: 'unknown', keys: [...keys, ...names.slice(1)] };
  return { kind: 'attribute', attribute: { ...attribute, sub } };
}

/** The name of an attribute as a client writes it: extension attributes carry their URN. */
export function attributeName(attribute: ResolvedAttribute): string {
  const name = attribute.extension ? `${attribute.urn}:${attribute.definition.name}` : attribute.definition.name;
  return attribute.sub ? `${name}.${attribute.sub.name}` : name;
}

/**
 * What a comparison or an order looks at: a complex attribute named without a sub-attribute stands for its `value`
 * (RFC 7644 figure 2 shows `emails co "..."`; Ping and Entra rely on it). Undefined when there is no such value.
 */
export function comparedAttribute(attribute: ResolvedAttribute): ResolvedAttribute | undefined {
  if (attribute.sub || attribute.definition.type !== 'complex') return attribute;
  const value = findDefinition(attribute.definition.subAttributes, 'value');
  return value && { ...attribute, sub: value };
}
