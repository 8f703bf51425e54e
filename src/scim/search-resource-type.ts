import { findCoreDefinition, type ResolvedAttribute } from './attribute-lookup.ts';
import type { ResourceType } from './schema.ts';

/**
 * A resource type as a search over several types sees it (RFC 7644 section 3.4.2.1): names of the other types can be
 * asked for too, and are attributes without a value ({@link isForeign}).
 */
export function searchResourceType(own: ResourceType, others: readonly ResourceType[]): ResourceType {
  const foreign = others.flatMap(({ schema }) => schema.attributes);
  return {
    ...own,
    schema: {
      ...own.schema,
      attributes: [
        ...own.schema.attributes,
        ...foreign.filter(({ name }) => findCoreDefinition(name, own) === undefined),
      ],
    },
    extensions: [...own.extensions, ...others.flatMap(({ schema, extensions }) => [schema, ...extensions])],
  };
}

/** Whether an attribute is none of this resource type's own. */
export function isForeign({ urn, extension, definition }: ResolvedAttribute, own: ResourceType): boolean {
  if (extension) return !own.extensions.some(({ id }) => id === urn);
  return findCoreDefinition(definition.name, own) === undefined;
}
