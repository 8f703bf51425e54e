import fc from 'fast-check';
import type { ResolvedAttribute } from '../../src/scim/attribute-lookup.ts';
import { combine, comparisonOperators, type Filter } from '../../src/scim/filter.ts';
import type { AttributeDefinition, ResourceType } from '../../src/scim/schema.ts';

/**
 * Filters over everything that a resource type defines, values of the right type included: short text from a small
 * alphabet with the characters that escaping gets wrong, so that random filters also match random resources.
 */
export function arbitraryFilter(resourceType: ResourceType): fc.Arbitrary<Filter> {
  const attributes = [
    ...resourceType.schema.attributes.map((definition) => attributeOf(resourceType.schema.id, false, definition)),
    ...resourceType.extensions.flatMap(({ id, attributes: own }) =>
      own.map((definition) => attributeOf(id, true, definition)),
    ),
  ].filter(({ definition }) => definition.returned !== 'never');
  const leaves = attributes.flatMap((attribute) =>
    attribute.definition.type === 'complex'
      ? (attribute.definition.subAttributes ?? []).map((sub) => ({ ...attribute, sub }))
      : [attribute],
  );
  const leaf = fc.constantFrom(...leaves).chain(comparisonOf);
  const paths = attributes
    .filter(({ definition }) => definition.type === 'complex')
    .map((attribute) => {
      const subs = (attribute.definition.subAttributes ?? []).map((sub) => ({ ...attribute, sub }));
      const inner = nested(fc.constantFrom(...subs).chain(comparisonOf), 2);
      return inner.map((filter): Filter => ({ kind: 'valuePath', attribute, filter }));
    });
  return nested(fc.oneof({ weight: 3, arbitrary: leaf }, { weight: 1, arbitrary: fc.oneof(...paths) }), 3);
}

/** Text in which comparisons have something to find: letters of both cases, wildcards, quotes, non-ASCII. */
export const arbitraryText = fc.string({
  unit: fc.constantFrom('a', 'A', 'b', 'é', 'É', '%', '_', '\\', '"', "'", ' ', '(', ']', '\u{1f600}', '\ufffd'),
  maxLength: 4,
});

export const arbitraryDateTime = fc
  .date({ min: new Date('2020-01-01'), max: new Date('2020-01-03'), noInvalidDate: true })
  .map((date) => date.toISOString());

function nested(leaf: fc.Arbitrary<Filter>, depth: number): fc.Arbitrary<Filter> {
  if (depth === 0) return leaf;
  const inner = nested(leaf, depth - 1);
  return fc.oneof(
    { weight: 3, arbitrary: leaf },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom('and' as const, 'or' as const), fc.array(inner, { minLength: 2, maxLength: 3 }))
        .map(([kind, filters]) => combine(kind, filters)),
    },
    { weight: 1, arbitrary: inner.map((filter): Filter => ({ kind: 'not', filter })) },
  );
}

function attributeOf(urn: string, extension: boolean, definition: AttributeDefinition): ResolvedAttribute {
  return { urn, extension, definition };
}

function comparisonOf(attribute: ResolvedAttribute): fc.Arbitrary<Filter> {
  const definition = attribute.sub ?? attribute.definition;
  const compare = (operators: readonly string[], values: fc.Arbitrary<string | number | boolean>) =>
    fc
      .tuple(fc.constantFrom(...comparisonOperators.filter((operator) => operators.includes(operator))), values)
      .map(([operator, value]): Filter => ({ kind: 'compare', attribute, operator, value }));
  const equality = ['eq', 'ne'];
  const order = [...equality, 'gt', 'ge', 'lt', 'le'];
  return fc.oneof(
    fc.constant<Filter>({ kind: 'present', attribute }),
    fc
      .constantFrom('eq' as const, 'ne' as const)
      .map((operator): Filter => ({ kind: 'compare', attribute, operator, value: null })),
    { weight: 4, arbitrary: typedComparison() },
  );

  function typedComparison(): fc.Arbitrary<Filter> {
    switch (definition.type) {
      case 'boolean':
        return compare(equality, fc.boolean());
      case 'binary':
        return compare(equality, arbitraryText);
      case 'dateTime':
        return compare(order, arbitraryDateTime);
      case 'integer':
      case 'decimal':
        return compare(order, fc.integer({ min: -3, max: 3 }));
      default:
        return compare([...order, 'co', 'sw', 'ew'], arbitraryText);
    }
  }
}
