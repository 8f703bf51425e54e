import sql, { type Sql } from 'sql-template-tag';
import type { ResolvedAttribute } from '../scim/attribute-lookup.ts';
import type { AttributeDefinition, ResourceType } from '../scim/schema.ts';
import { badRequest } from '../scim/scim-error.ts';
import { isForeign } from '../scim/search-resource-type.ts';
import { booleanColumn, jsonScalar, textColumn, timeColumn, uuidColumn, type ScalarSql } from './scalar-sql.ts';

/** Where the values of an attribute are found in SQL. */
export type AttributeSql =
  /** At most one value. */
  | { kind: 'one'; scalar: ScalarSql; element: (sub: AttributeDefinition) => ScalarSql }
  /** The rows of a FROM clause, one value each; `where` ties them to the resource. */
  | {
      kind: 'many';
      from: Sql;
      where: Sql;
      /** ORDER BY that puts the value first that stands for the list: the primary, else the first. */
      first: Sql;
      scalar: ScalarSql;
      element: (sub: AttributeDefinition) => ScalarSql;
    };

/**
 * The allow-list of a filter: attribute → SQL. Every attribute that the schemas define has a place, and nothing else can
 * be named; values are always bound.
 */
export interface AttributeSource {
  resourceType: ResourceType;
  attributeSql(attribute: ResolvedAttribute): AttributeSql;
}

/** Addresses of the collections, for `meta.location` and `$ref`, with a slash at the end. */
interface CollectionUrls {
  users: string;
  groups: string;
}

export function userAttributes(resourceType: ResourceType, collectionUrl: CollectionUrls): AttributeSource {
  return attributesOf({
    resourceType,
    row: sql`u`,
    collectionUrl: collectionUrl.users,
    columns: {
      id: uuidColumn(sql`u.id`),
      userName: textColumn(sql`u.user_name`, sql`u.user_name_key`, 'folded'),
      externalId: textColumn(sql`u.external_id`, undefined, 'text'),
      active: booleanColumn(sql`u.active`),
    },
    relationName: 'groups',
    relation: relation({
      from: sql`group_members m JOIN groups mg ON mg.organization_id = m.organization_id AND mg.id = m.group_id`,
      where: sql`m.organization_id = u.organization_id AND m.user_id = u.id`,
      id: sql`m.group_id`,
      display: textColumn(sql`mg.display_name`, sql`mg.display_name_key`),
      type: 'direct',
      collectionUrl: collectionUrl.groups,
    }),
  });
}

export function groupAttributes(resourceType: ResourceType, collectionUrl: CollectionUrls): AttributeSource {
  return attributesOf({
    resourceType,
    row: sql`g`,
    collectionUrl: collectionUrl.groups,
    columns: {
      id: uuidColumn(sql`g.id`),
      displayName: textColumn(sql`g.display_name`, sql`g.display_name_key`, 'folded'),
      externalId: textColumn(sql`g.external_id`, undefined, 'text'),
    },
    relationName: 'members',
    relation: relation({
      from: sql`group_members m JOIN users mu ON mu.organization_id = m.organization_id AND mu.id = m.user_id`,
      where: sql`m.organization_id = g.organization_id AND m.group_id = g.id`,
      id: sql`m.user_id`,
      display: textColumn(sql`mu.user_name`, sql`mu.user_name_key`),
      type: 'User',
      collectionUrl: collectionUrl.users,
    }),
  });
}

/** Columns first, then the one attribute that is rows of another table, then what is stored with the resource. */
function attributesOf(options: {
  resourceType: ResourceType;
  row: Sql;
  collectionUrl: string;
  columns: Readonly<Record<string, ScalarSql>>;
  relationName: string;
  relation: AttributeSql;
}): AttributeSource {
  const { resourceType, row, collectionUrl, columns } = options;
  return {
    resourceType,
    attributeSql: (attribute) =>
      own(attribute, options.relationName)
        ? options.relation
        : storedAttribute(attribute, row, columns, resourceType, collectionUrl),
  };
}

/** The same, for queries that may name attributes of other resource types: those have no value here. */
export function withForeignNames(source: AttributeSource): AttributeSource {
  const noValue = textColumn(sql`NULL::text`);
  return {
    ...source,
    attributeSql: (attribute) =>
      isForeign(attribute, source.resourceType)
        ? { kind: 'one', scalar: noValue, element: () => noValue }
        : source.attributeSql(attribute),
  };
}

function own({ extension, definition }: ResolvedAttribute, name: string): boolean {
  return !extension && definition.name === name;
}

/** `groups` of a user and `members` of a group: rows of `group_members`, not stored in the resource. */
function relation(options: {
  from: Sql;
  where: Sql;
  id: Sql;
  display: ScalarSql;
  type: string;
  collectionUrl: string;
}): AttributeSql {
  const byName: Readonly<Record<string, ScalarSql>> = {
    value: uuidColumn(options.id),
    display: options.display,
    type: textColumn(sql`${options.type}::text`),
    $ref: textColumn(sql`(${options.collectionUrl}::text || ${options.id})`),
  };
  return {
    kind: 'many',
    from: options.from,
    where: options.where,
    first: options.id,
    scalar: uuidColumn(options.id),
    element: (sub) => byName[sub.name] ?? textColumn(sql`NULL::text`),
  };
}

function storedAttribute(
  attribute: ResolvedAttribute,
  row: Sql,
  columns: Readonly<Record<string, ScalarSql>>,
  resourceType: ResourceType,
  collectionUrl: string,
): AttributeSql {
  const { extension, definition, urn } = attribute;
  if (!extension) {
    const column = Object.hasOwn(columns, definition.name) ? columns[definition.name] : undefined;
    if (column !== undefined) return { kind: 'one', scalar: column, element: () => column };
    if (definition.name === 'meta') return metaSql(row, resourceType, collectionUrl);
    if (definition.name === 'schemas') return schemasSql(row, resourceType);
  }
  const path = extension ? [urn, definition.name] : [definition.name];
  const json = sql`(${row}.attributes #> ${path}::text[])`;
  if (!definition.multiValued) {
    return { kind: 'one', scalar: jsonScalar(json), element: (sub) => jsonScalar(sql`(${json} -> ${sub.name}::text)`) };
  }
  return {
    kind: 'many',
    // A value that is no list counts as a list of one, as in memory.
    from: sql`jsonb_array_elements(CASE jsonb_typeof(${json}) WHEN 'array' THEN ${json} ELSE jsonb_build_array(${json}) END) WITH ORDINALITY AS e(value, position)`,
    where: sql`${json} IS NOT NULL`,
    first: sql`coalesce(e.value -> 'primary' = 'true', false) DESC, e.position`,
    scalar: jsonScalar(sql`e.value`),
    element: (sub) => jsonScalar(sql`(e.value -> ${sub.name}::text)`),
  };
}

function metaSql(row: Sql, resourceType: ResourceType, collectionUrl: string): AttributeSql {
  const byName: Readonly<Record<string, ScalarSql>> = {
    resourceType: textColumn(sql`${resourceType.name}::text`),
    created: timeColumn(sql`${row}.created_at`),
    lastModified: timeColumn(sql`${row}.updated_at`),
    location: textColumn(sql`(${collectionUrl}::text || ${row}.id)`),
  };
  const nothing = textColumn(sql`NULL::text`);
  return {
    kind: 'one',
    scalar: { ...nothing, present: sql`true` },
    element: (sub) => {
      // What is shown depends on what else is shown (the groups of a user), so no look-up could be true to it.
      if (sub.name === 'version') {
        throw badRequest('invalidFilter', 'meta.version cannot be searched or sorted by. Compare it with If-Match.');
      }
      return byName[sub.name] ?? nothing;
    },
  };
}

/** The core schema, and each extension that the resource has values of. */
function schemasSql(row: Sql, resourceType: ResourceType): AttributeSql {
  const scalar = textColumn(sql`e.value`);
  return {
    kind: 'many',
    from: sql`(
      SELECT ${resourceType.schema.id}::text AS value
      UNION ALL SELECT key FROM jsonb_object_keys(${row}.attributes) AS key WHERE starts_with(lower(key), 'urn:')) AS e`,
    where: sql`true`,
    first: sql`e.value`,
    scalar,
    element: () => scalar,
  };
}
