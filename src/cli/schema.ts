import { readFile } from 'node:fs/promises';
import { Argument, Command, Option } from 'commander';
import { endpoints } from '../contract/endpoints.ts';
import type { RequestOf } from '../contract/endpoint.ts';
import type { ScimSchemaAnswer } from '../contract/scim-schemas.ts';
import { StartupError } from '../platform/startup-error.ts';
import { connect, withConnection, type ClientOptions } from './connection.ts';
import { printFields, printJson, printLine, printTable } from './print.ts';

type SchemaInput = RequestOf<typeof endpoints.setScimSchema>;

interface SetOptions extends ClientOptions {
  resourceType?: 'User' | 'Group';
}

/** `rollcall schema list|show|set|delete` */
export function schemaCommand(): Command {
  const schema = new Command('schema').description('register extension schemas of SCIM, for all organizations');
  const urn = () => new Argument('<urn>', 'id of the schema');

  withConnection(schema.command('list'))
    .description('list the registered extension schemas')
    .addHelpText('after', '\nExample:\n  $ rollcall schema list')
    .action(async (options: ClientOptions) => {
      const client = await connect(options);
      const { items } = await client.call(endpoints.listScimSchemas, { parameters: {} });
      if (options.json) printJson({ items });
      else
        printTable(
          ['urn', 'for', 'name', 'attributes'],
          items.map((item) => [item.urn, item.resourceType, item.name, namesOf(item)]),
          'No extension schema is registered yet: `rollcall schema set` registers one.',
        );
    });

  withConnection(schema.command('show'))
    .description('show an extension schema')
    .addArgument(urn())
    .addHelpText('after', '\nExample:\n  $ rollcall schema show urn:example:scim:acme:2.0:User')
    .action(async (id: string, options: ClientOptions) => {
      const client = await connect(options);
      const found = await client.call(endpoints.getScimSchema, { parameters: { urn: id } });
      if (options.json) printJson(found);
      else printSchema(found);
    });

  withConnection(schema.command('set'))
    .description('register an extension schema, or replace it')
    .argument(
      '<file>',
      'JSON as of RFC 7643 section 7 (id, name, description, attributes), or as `schema show` prints it',
    )
    .addOption(
      new Option('--resource-type <type>', 'which resources carry it (default: "resourceType" in the file)').choices([
        'User',
        'Group',
      ]),
    )
    .addHelpText('after', '\nExample:\n  $ rollcall schema set acme.json --resource-type User')
    .action(async (file: string, options: SetOptions) => {
      const { id, ...body } = await readSchema(file, options.resourceType);
      const client = await connect(options);
      const saved = await client.call(endpoints.setScimSchema, { parameters: { urn: id }, body });
      if (options.json) printJson(saved);
      else printSchema(saved);
    });

  withConnection(schema.command('delete'))
    .description('take an extension schema out of the registry; stored values are kept')
    .addArgument(urn())
    .addHelpText('after', '\nExample:\n  $ rollcall schema delete urn:example:scim:acme:2.0:User')
    .action(async (id: string, options: ClientOptions) => {
      const client = await connect(options);
      await client.call(endpoints.deleteScimSchema, { parameters: { urn: id } });
      if (options.json) printJson({ deleted: id });
      else printLine(`Deleted. Values under ${id} are kept and given back.`);
    });

  return schema;
}

/** Only what this side needs is looked at; the service checks the rest and names what is wrong. */
async function readSchema(
  file: string,
  resourceType: SetOptions['resourceType'],
): Promise<SchemaInput & { id: string }> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new StartupError(`${file} cannot be read: ${(error as Error).message}`);
  });
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    throw new StartupError(`${file} is not JSON.`);
  }
  const { urn, ...sent } = {
    ...(read as SchemaInput & { id?: unknown; urn?: unknown }),
    ...(resourceType !== undefined && { resourceType }),
  };
  const id = sent.id ?? urn;
  if (typeof id !== 'string') throw new StartupError(`${file} has no "id": the URN of the schema.`);
  return { ...sent, id };
}

function printSchema(schema: ScimSchemaAnswer): void {
  const { urn, resourceType, name, description } = schema;
  printFields({ urn, for: resourceType, name, description, attributes: namesOf(schema) });
}

function namesOf({ attributes }: ScimSchemaAnswer): string {
  return attributes.map(({ name }) => name).join(', ');
}
