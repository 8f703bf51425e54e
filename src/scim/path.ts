import { attributeName, findDefinition, lookUpName, type ResolvedAttribute } from './attribute-lookup.ts';
import { parseValueFilter, type Filter } from './filter.ts';
import { holdsReservedName, isStorableText } from './safe-json.ts';
import { badRequest, quoted, type ScimError } from './scim-error.ts';
import type { ResourceType, SchemaDefinition } from './schema.ts';

/** The target of a PATCH operation (RFC 7644 section 3.5.2, figure 7), resolved against the schemas. */
export type PatchPath =
  /** `attr`, `attr.sub`, `attr[filter]` or `attr[filter].sub`; a filter always belongs to a multi-valued attribute. */
  | { readonly kind: 'attribute'; readonly attribute: ResolvedAttribute; readonly filter?: Filter }
  /** A schema's URN alone: everything that the resource holds of that schema. */
  | { readonly kind: 'schema'; readonly schema: SchemaDefinition }
  /**
   * Something no schema defines. Such values are kept and given back, so they can be patched too: under a URN always, and
   * under a plain name where the resource already holds it (`tolerated` lifts that, for keys of a path-less value).
   */
  | {
      readonly kind: 'unknown';
      readonly text: string;
      /** The members that lead to the value. */
      readonly keys: readonly string[];
      /** Set for a URN, whose last part may belong to the URN itself: the one key it would then be. */
      readonly whole?: string;
      readonly tolerated: boolean;
    };

/**
 * Most names in a path. Schemas nest two deep (the dots of a URN's version come on top); the rest is for attributes that
 * no schema defines. Without a bound a path of 100,000 dots would be followed by as many nested calls.
 */
const maxPathNames = 16;

/**
 * Parses the `path` of a PATCH operation.
 *
 * @throws ScimError 400 invalidPath; invalidFilter for what stands in the brackets
 */
export function parsePath(path: string, resourceType: ResourceType): PatchPath {
  const text = path.trim();
  const bracket = text.indexOf('[');
  const head = bracket === -1 ? text : text.slice(0, bracket);
  if (holdsReservedName(head)) throw badRequest('invalidPath', `${quoted(text)} is not a path; the name is reserved.`);
  if (!isStorableText(text)) throw badRequest('invalidPath', 'The path holds a character that no name can have.');
  const names = head.split('.');
  if (names.length > maxPathNames || names.some((name) => name.trim() === '')) throw notAPath(text);

  const meaning = lookUpName(head, resourceType);
  if (bracket !== -1) {
    if (meaning.kind !== 'attribute') throw unknownAttribute(head, resourceType);
    return valuePath(text, bracket, meaning.attribute);
  }
  switch (meaning.kind) {
    case 'attribute':
      return meaning;
    case 'schema':
      return { kind: 'schema', schema: meaning.schema };
    case 'unknown':
      return { kind: 'unknown', text, keys: meaning.keys, tolerated: false };
    case 'unknownUrn':
      return { kind: 'unknown', text, keys: meaning.keys, whole: meaning.whole, tolerated: true };
  }
}

function valuePath(text: string, bracket: number, attribute: ResolvedAttribute): PatchPath {
  if (attribute.sub || !attribute.definition.multiValued || attribute.definition.type !== 'complex') {
    throw badRequest(
      'invalidPath',
      `"${attributeName(attribute)}" is not a list of values to choose from by a filter.`,
    );
  }
  const { filter, end } = parseValueFilter(text, bracket + 1, attribute);
  const rest = text.slice(end + 1);
  if (rest === '') return { kind: 'attribute', attribute, filter };
  if (!rest.startsWith('.')) throw notAPath(text);
  const sub = findDefinition(attribute.definition.subAttributes, rest.slice(1));
  if (!sub) {
    throw badRequest('invalidPath', `"${attributeName(attribute)}" has no sub-attribute ${quoted(rest.slice(1))}.`);
  }
  return { kind: 'attribute', attribute: { ...attribute, sub }, filter };
}

/** The refusal of a path that names nothing the schemas define. */
export function unknownAttribute(text: string, resourceType: ResourceType): ScimError {
  const hint = resourceType.extensions.find((extension) =>
    findDefinition(extension.attributes, text.split('.')[0] ?? ''),
  );
  const advice = hint
    ? `Did you mean "${hint.id}:${text}"?`
    : 'Correct the attribute mapping, or map it to an attribute of an extension schema, named by its URN.';
  return badRequest('invalidPath', `${quoted(text)} is not an attribute of ${resourceType.name}. ${advice}`);
}

function notAPath(text: string): ScimError {
  return badRequest(
    'invalidPath',
    `${quoted(text)} is not a path. A path is an attribute, "attribute.sub", or "attribute[filter].sub".`,
  );
}
