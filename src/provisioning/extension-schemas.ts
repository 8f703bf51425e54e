import sql from 'sql-template-tag';
import type { Database, Queryable, Transaction } from '../platform/database.ts';
import { DomainError, NotFoundError } from '../platform/errors.ts';
import { canonicalJson, type JsonObject } from '../scim/json.ts';
import { parseExtensionSchema } from '../scim/parse-extension-schema.ts';
import type { RegisteredExtension } from '../scim/resource-types.ts';
import type { SchemaDefinition } from '../scim/schema.ts';
import { ScimError } from '../scim/scim-error.ts';

/** An extension schema as a platform admin registered it, for the resources of every organization. */
export interface ExtensionSchema extends RegisteredExtension {
  createdAt: Date;
  updatedAt: Date;
}

/** Every one is in each answer of /Schemas and in the memory of each process; nobody is known to need ten. */
const maxSchemas = 50;

/** URNs that the protocol, and providers that speak its first version, already give a meaning. */
const reservedUrn = /^urn:(?:ietf|scim):/i;

interface Definition {
  urn: string;
  resourceType: 'User' | 'Group';
  definition: Omit<SchemaDefinition, 'id'>;
}

interface SchemaRow extends Definition {
  createdAt: Date;
  updatedAt: Date;
}

const columns = sql`urn, resource_type AS "resourceType", definition, created_at AS "createdAt", updated_at AS "updatedAt"`;

/** In alphabetical order of the URN; there are at most fifty. */
export async function listExtensionSchemas(db: Queryable): Promise<ExtensionSchema[]> {
  const rows = await db.query<SchemaRow>(sql`SELECT ${columns} FROM scim_schemas ORDER BY lower(urn)`);
  return rows.map(schemaOf);
}

/** @throws NotFoundError */
export async function getExtensionSchema(db: Queryable, urn: string): Promise<ExtensionSchema> {
  const row = await readSchema(db, urn);
  if (row === undefined) throw new NotFoundError('schema', urn);
  return schemaOf(row);
}

/**
 * Registers an extension schema, or replaces it. Values that are stored under its URN already stay as they are: those
 * that do not fit the new definition are shown, and count as no value in a filter.
 *
 * @param input.definition name, description and attributes in the form of RFC 7643 section 7
 * @returns the schema, and whether anything changed
 * @throws DomainError `invalid` (`invalid-schema`), `conflict` (`too-many-schemas`)
 */
export async function setExtensionSchema(
  db: Database,
  input: { urn: string; resourceType: 'User' | 'Group'; definition: JsonObject },
): Promise<{ schema: ExtensionSchema; outcome: 'created' | 'changed' | 'unchanged' }> {
  const { resourceType } = input;
  const { id: urn, ...definition } = parsed({ ...input.definition, id: input.urn });
  return db.transaction(async (tx) => {
    await lockRegistry(tx);
    const before = await readSchema(tx, urn);
    if (before !== undefined && isSame(before, { urn, resourceType, definition })) {
      return { schema: schemaOf(before), outcome: 'unchanged' };
    }
    if (before === undefined) await requireRoom(tx);
    const [row] = await tx.query<SchemaRow>(sql`
      INSERT INTO scim_schemas (urn, resource_type, definition)
      VALUES (${urn}, ${resourceType}, ${JSON.stringify(definition)})
      ON CONFLICT (lower(urn)) DO UPDATE
        SET urn = EXCLUDED.urn, resource_type = EXCLUDED.resource_type, definition = EXCLUDED.definition,
          updated_at = now()
      RETURNING ${columns}`);
    if (row === undefined) throw new Error('INSERT ... RETURNING of a schema gave no row');
    await nextVersion(tx);
    return { schema: schemaOf(row), outcome: before === undefined ? 'created' : 'changed' };
  });
}

/**
 * Takes an extension schema out of the registry. Stored values are kept and given back, as those of any unknown URN.
 *
 * @throws NotFoundError
 */
export async function deleteExtensionSchema(db: Database, urn: string): Promise<void> {
  await db.transaction(async (tx) => {
    await lockRegistry(tx);
    const deleted = await tx.query(sql`DELETE FROM scim_schemas WHERE lower(urn) = lower(${urn}) RETURNING urn`);
    if (deleted.length === 0) throw new NotFoundError('schema', urn);
    await nextVersion(tx);
  });
}

/** The registry as a whole with its version, in one snapshot. */
export async function readRegistry(db: Queryable): Promise<{ version: number; extensions: RegisteredExtension[] }> {
  const [row] = await db.query<{ version: number; schemas: Definition[] }>(sql`
    SELECT r.version, (
      SELECT coalesce(json_agg(s ORDER BY lower(s.urn)), '[]')
      FROM (SELECT urn, resource_type AS "resourceType", definition FROM scim_schemas) AS s
    ) AS schemas
    FROM scim_schema_registry r`);
  if (row === undefined) throw new Error('the row of scim_schema_registry is missing');
  return { version: row.version, extensions: row.schemas.map(registeredExtension) };
}

function parsed(definition: JsonObject): SchemaDefinition {
  try {
    const schema = parseExtensionSchema(definition);
    if (!reservedUrn.test(schema.id)) return schema;
  } catch (error) {
    if (error instanceof ScimError) throw new DomainError('invalid', 'invalid-schema', error.detail);
    throw error;
  }
  throw new DomainError(
    'invalid',
    'invalid-schema',
    'A URN that begins with "urn:ietf:" or "urn:scim:" belongs to the protocol. Choose one of your own, such as "urn:example:scim:acme:2.0:User".',
  );
}

/** Changes of the registry come one after the other: they are rare, and each counts what is there. */
async function lockRegistry(tx: Transaction): Promise<void> {
  await tx.query(sql`SELECT version FROM scim_schema_registry FOR UPDATE`);
}

async function nextVersion(tx: Transaction): Promise<void> {
  await tx.query(sql`UPDATE scim_schema_registry SET version = version + 1`);
}

async function readSchema(q: Queryable, urn: string): Promise<SchemaRow | undefined> {
  const [row] = await q.query<SchemaRow>(sql`SELECT ${columns} FROM scim_schemas WHERE lower(urn) = lower(${urn})`);
  return row;
}

async function requireRoom(tx: Transaction): Promise<void> {
  const [row] = await tx.query<{ count: number }>(sql`SELECT count(*) AS count FROM scim_schemas`);
  if ((row?.count ?? 0) < maxSchemas) return;
  throw new DomainError(
    'conflict',
    'too-many-schemas',
    `There are ${maxSchemas} extension schemas already, which is the most there can be. Delete one, or add attributes to one.`,
  );
}

function schemaOf({ createdAt, updatedAt, ...definition }: SchemaRow): ExtensionSchema {
  return { ...registeredExtension(definition), createdAt, updatedAt };
}

function registeredExtension({ urn, resourceType, definition }: Definition): RegisteredExtension {
  return { resourceType, schema: { id: urn, ...definition } };
}

function isSame(one: Definition, other: Definition): boolean {
  const text = ({ urn, resourceType, definition }: Definition) =>
    canonicalJson({ urn, resourceType, definition: definition as unknown as JsonObject });
  return text(one) === text(other);
}
