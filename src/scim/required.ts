import { isJsonObject, isUnassigned, ownValue, type JsonObject, type JsonValue } from './json.ts';
import type { AttributeDefinition } from './schema.ts';

/**
 * The name of the first required sub-attribute (RFC 7643 section 7) that a complex value, or an element of a list of them,
 * lacks; undefined when nothing is missing. For whole values: a change of one need not repeat what is there.
 */
export function missingSubAttribute(definition: AttributeDefinition, value: JsonValue | undefined): string | undefined {
  const required = (definition.subAttributes ?? []).filter(
    (sub) => sub.required && sub.mutability !== 'readOnly' && sub.mutability !== 'writeOnly',
  );
  if (required.length === 0 || definition.mutability === 'readOnly') return undefined;
  const elements: JsonValue[] = Array.isArray(value) ? value : value === undefined ? [] : [value];
  const lacks = (object: JsonObject) => required.find((sub) => isUnassigned(ownValue(object, sub.name)))?.name;
  for (const element of elements) {
    const missing = isJsonObject(element) ? lacks(element) : undefined;
    if (missing !== undefined) return `${definition.name}.${missing}`;
  }
  return undefined;
}
