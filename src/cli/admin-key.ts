import { Command, Option } from 'commander';
import { endpoints } from '../contract/endpoints.ts';
import { connect, withConnection, type ClientOptions } from './connection.ts';
import { findOrganizationId } from './find.ts';
import { printFields, printJson, printLine, printTable } from './print.ts';

type KeyOptions = ClientOptions & { organization: string };

/** `rollcall admin-key create|list|revoke` */
export function adminKeyCommand(): Command {
  const adminKey = new Command('admin-key').description('keys that open the admin API for one organization');

  forOrganization(adminKey.command('create'))
    .description('create a key; prints it, once')
    .requiredOption('--name <name>', 'what or who uses it; the sync log names it')
    .addOption(
      new Option('--role <role>', 'admin: everything in the organization; viewer: reading only')
        .choices(['admin', 'viewer'])
        .default('viewer'),
    )
    .addHelpText(
      'after',
      '\nExample:\n  $ rollcall admin-key create --organization Acme --name "Acme console" --role admin',
    )
    .action(async (options: KeyOptions & { name: string; role: 'admin' | 'viewer' }) => {
      const client = await connect(options);
      const organizationId = await findOrganizationId(client, options.organization);
      const { name, role } = options;
      const answer = await client.call(endpoints.createAdminKey, {
        parameters: { organizationId },
        body: { name, role },
      });
      if (options.json) printJson(answer);
      else {
        printFields({ id: answer.id, name: answer.name, role: answer.role, key: answer.key });
        printLine('The key is only shown once.');
      }
    });

  forOrganization(adminKey.command('list'))
    .description('list the keys that work now')
    .addHelpText('after', '\nExample:\n  $ rollcall admin-key list --organization Acme')
    .action(async (options: KeyOptions) => {
      const client = await connect(options);
      const organizationId = await findOrganizationId(client, options.organization);
      const keys = await client.all(endpoints.listAdminKeys, { parameters: { organizationId } });
      if (options.json) printJson(keys);
      else {
        printTable(
          ['id', 'name', 'role', 'key', 'created', 'last used'],
          keys.map((key) => [
            key.id,
            key.name,
            key.role,
            `${key.prefix}…${key.lastFour}`,
            key.createdAt,
            key.lastUsedAt ?? 'never',
          ]),
          'The organization has no admin keys.',
        );
      }
    });

  forOrganization(adminKey.command('revoke'))
    .description('end a key at once')
    .argument('<id>', 'id of the key, from `admin-key list`')
    .addHelpText(
      'after',
      '\nExample:\n  $ rollcall admin-key revoke --organization Acme 01a20d2d-dfff-7411-8e29-f75d99048335',
    )
    .action(async (keyId: string, options: KeyOptions) => {
      const client = await connect(options);
      const organizationId = await findOrganizationId(client, options.organization);
      await client.call(endpoints.revokeAdminKey, { parameters: { organizationId, keyId } });
      if (options.json) printJson({ revoked: keyId });
      else printLine('Revoked: the next request with this key is refused.');
    });

  return adminKey;
}

function forOrganization(command: Command): Command {
  return withConnection(command).requiredOption('--organization <organization>', 'id or name');
}
