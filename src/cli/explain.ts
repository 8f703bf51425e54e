import { Command } from 'commander';
import { endpoints } from '../contract/endpoints.ts';
import { connect, withConnection, type ClientOptions } from './connection.ts';
import { findOrganizationId, findUserId } from './find.ts';
import { printAccess } from './print-access.ts';
import { printJson } from './print.ts';

/** `rollcall explain` */
export function explainCommand(): Command {
  return withConnection(new Command('explain'))
    .description('show what a user may do, and why')
    .requiredOption('--organization <organization>', 'id or name')
    .requiredOption('--user <user>', 'id, userName, email or display name')
    .addHelpText('after', '\nExample:\n  $ rollcall explain --organization Acme --user ada@acme.example')
    .action(async (options: ClientOptions & { organization: string; user: string }) => {
      const client = await connect(options);
      const organizationId = await findOrganizationId(client, options.organization);
      const userId = await findUserId(client, organizationId, options.user);
      const access = await client.call(endpoints.getUserAccess, { parameters: { organizationId, userId } });
      if (options.json) printJson(access);
      else printAccess(access);
    });
}
