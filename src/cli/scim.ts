import { Command, Option } from 'commander';
import { endpoints } from '../contract/endpoints.ts';
import { connect, withConnection, type ClientOptions } from './connection.ts';
import { findOrganizationId } from './find.ts';
import { printFields, printJson, printLine } from './print.ts';

type ScimOptions = ClientOptions & { organization: string };

/** `rollcall scim enable|disable|rotate-token` */
export function scimCommand(): Command {
  const scim = new Command('scim').description('switch directory sync on and off, and renew its token');

  forOrganization(scim.command('enable'))
    .description('select SCIM provisioning; prints the bearer token, once')
    .addHelpText('after', '\nExample:\n  $ rollcall scim enable --organization Acme')
    .action(async (options: ScimOptions) => {
      const client = await connect(options);
      const organizationId = await findOrganizationId(client, options.organization);
      const answer = await client.call(endpoints.setProvisioning, {
        parameters: { organizationId },
        body: { mode: 'scim' },
      });
      if (options.json) printJson(answer);
      else if (answer.token === undefined) {
        printLine('SCIM is already selected. `rollcall scim rotate-token` issues a new token.');
      } else printCredentials({ token: answer.token, baseUrl: answer.baseUrl });
    });

  forOrganization(scim.command('disable'))
    .description('leave SCIM provisioning: revokes every token and stops directory sync at once')
    .addOption(new Option('--mode <mode>', 'what comes instead').choices(['manual', 'jit']).default('manual'))
    .option('--confirm', 'yes, stop directory sync now')
    .addHelpText('after', '\nExample:\n  $ rollcall scim disable --organization Acme --mode jit --confirm')
    .action(async (options: ScimOptions & { mode: 'manual' | 'jit'; confirm?: true }) => {
      const client = await connect(options);
      const organizationId = await findOrganizationId(client, options.organization);
      const answer = await client.call(endpoints.setProvisioning, {
        parameters: { organizationId },
        body: { mode: options.mode, ...(options.confirm && { confirm: true }) },
      });
      if (options.json) printJson(answer);
      else printLine(`Provisioning is ${answer.mode} now. Users, groups, mappings and access stay as they are.`);
    });

  forOrganization(scim.command('rotate-token'))
    .description('issue a new token; the previous one stays valid for 24 more hours')
    .addHelpText('after', '\nExample:\n  $ rollcall scim rotate-token --organization Acme')
    .action(async (options: ScimOptions) => {
      const client = await connect(options);
      const organizationId = await findOrganizationId(client, options.organization);
      const answer = await client.call(endpoints.rotateScimToken, { parameters: { organizationId } });
      if (options.json) printJson(answer);
      else printCredentials(answer);
    });

  return scim;
}

function forOrganization(command: Command): Command {
  return withConnection(command).requiredOption('--organization <organization>', 'id or name');
}

function printCredentials(credentials: {
  token: string;
  baseUrl?: string | undefined;
  previousTokenExpiresAt?: string | null;
}): void {
  printFields({
    'SCIM base URL': credentials.baseUrl,
    'bearer token': credentials.token,
    ...(credentials.previousTokenExpiresAt != null && { 'previous until': credentials.previousTokenExpiresAt }),
  });
  printLine('The bearer token is only shown once.');
}
