import { Command } from 'commander';
import { endpoints } from '../contract/endpoints.ts';
import { connect, withConnection, type ClientOptions } from './connection.ts';
import { findOrganizationId } from './find.ts';
import { printJson, printLine } from './print.ts';

/** `rollcall resync` */
export function resyncCommand(): Command {
  return withConnection(new Command('resync'))
    .description('recompute the access of everybody whom the directory manages')
    .requiredOption('--organization <organization>', 'id or name')
    .addHelpText('after', '\nExample:\n  $ rollcall resync --organization Acme')
    .action(async (options: ClientOptions & { organization: string }) => {
      const client = await connect(options);
      const organizationId = await findOrganizationId(client, options.organization);
      const answer = await client.call(endpoints.resync, { parameters: { organizationId } });
      if (options.json) printJson(answer);
      else printLine(`Job ${answer.jobId} walks through everybody. \`rollcall logs tail\` shows what it changes.`);
    });
}
