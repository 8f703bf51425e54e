import { attributeName, type ResolvedAttribute } from './attribute-lookup.ts';
import type { Filter } from './filter.ts';

/** The text of a filter, such that parsing it gives the same tree again. */
export function printFilter(filter: Filter): string {
  return print(filter, attributeName);
}

function print(filter: Filter, nameOf: (attribute: ResolvedAttribute) => string): string {
  switch (filter.kind) {
    case 'or':
      return filter.filters.map((part) => print(part, nameOf)).join(' or ');
    case 'and':
      return filter.filters
        .map((part) => (part.kind === 'or' ? `(${print(part, nameOf)})` : print(part, nameOf)))
        .join(' and ');
    case 'not':
      return `not (${print(filter.filter, nameOf)})`;
    case 'present':
      return `${nameOf(filter.attribute)} pr`;
    case 'compare':
      return `${nameOf(filter.attribute)} ${filter.operator} ${JSON.stringify(filter.value)}`;
    case 'valuePath':
      return `${nameOf(filter.attribute)}[${print(filter.filter, elementName)}]`;
  }
}

function elementName(attribute: ResolvedAttribute): string {
  return attribute.sub?.name ?? attribute.definition.name;
}
