import { Command, Option } from 'commander';
import type { AnswerOf } from '../contract/endpoint.ts';
import { endpoints } from '../contract/endpoints.ts';
import {
  plans,
  userNameFormats,
  type OrganizationAnswer,
  type Plan,
  type UserNameFormat,
} from '../contract/organizations.ts';
import { organizationRoles, type OrganizationRole } from '../contract/roles.ts';
import { connect, withConnection, type ClientOptions } from './connection.ts';
import { findOrganizationId } from './find.ts';
import { printFields, printJson, printTable } from './print.ts';
import { RefusedError, type RestClient } from './rest-client.ts';

interface CreateOptions extends ClientOptions {
  plan: Plan;
  userNameFormat: UserNameFormat;
  sso?: string;
  defaultRole: OrganizationRole;
  domain: string[];
}

const collect = (value: string, before: string[]): string[] => [...before, value];

/** `rollcall org create|list|show` */
export function orgCommand(): Command {
  const org = new Command('org').description('create and look at organizations');

  withConnection(org.command('create'))
    .description('create an organization, and at wish what directory sync asks for')
    .argument('<name>', 'name of the organization')
    .addOption(
      new Option('--plan <plan>', 'plan; directory sync needs business or enterprise')
        .choices(plans)
        .default('business'),
    )
    .addOption(
      new Option('--user-name-format <format>', 'what a userName is').choices(userNameFormats).default('email'),
    )
    .option('--sso <provider>', 'set up an active SSO connection with this provider')
    .addOption(new Option('--default-role <role>', 'the connection role').choices(organizationRoles).default('viewer'))
    .option('--domain <domain>', 'add a domain as verified; may be given several times', collect, [])
    .addHelpText(
      'after',
      '\nExample, ready for `rollcall scim enable`:\n  $ rollcall org create Acme --plan business --sso okta --domain acme.example',
    )
    .action(async (name: string, options: CreateOptions) => {
      const client = await connect(options);
      const created = await client.call(endpoints.createOrganization, {
        parameters: {},
        body: { name, plan: options.plan, userNameFormat: options.userNameFormat },
      });
      const parameters = { organizationId: created.id };
      if (options.sso !== undefined) {
        await client.call(endpoints.setSsoConnection, {
          parameters,
          body: { provider: options.sso, status: 'active', defaultRole: options.defaultRole },
        });
      }
      for (const domain of options.domain) {
        await client.call(endpoints.addDomain, { parameters, body: { domain, verified: true } });
      }
      if (options.json) printJson(created);
      else printFields(fieldsOf(created));
    });

  withConnection(org.command('list'))
    .description('list organizations, newest first')
    .option('--query <text>', 'part of the name')
    .addHelpText('after', '\nExample:\n  $ rollcall org list --query acme')
    .action(async (options: ClientOptions & { query?: string }) => {
      const client = await connect(options);
      const items = await client.all(endpoints.listOrganizations, { parameters: {}, query: { q: options.query } });
      if (options.json) printJson({ items });
      else {
        printTable(
          ['id', 'name', 'plan', 'provisioning'],
          items.map(({ id, name, plan, provisioningMode }) => [id, name, plan, provisioningMode]),
          'There are no organizations yet: `rollcall org create` makes one.',
        );
      }
    });

  withConnection(org.command('show'))
    .description('show an organization with everything that directory sync depends on')
    .argument('<organization>', 'id or name')
    .addHelpText('after', '\nExample:\n  $ rollcall org show Acme')
    .action(async (reference: string, options: ClientOptions) => {
      const client = await connect(options);
      const state = await readState(client, await findOrganizationId(client, reference));
      if (options.json) printJson(state);
      else {
        const { organization, ssoConnection, domains, provisioning } = state;
        printFields({
          ...fieldsOf(organization),
          'SSO connection':
            ssoConnection === null
              ? 'none'
              : `${ssoConnection.provider}, ${ssoConnection.status}, default role ${ssoConnection.defaultRole}`,
          domains:
            domains.map(({ domain, verified }) => `${domain}${verified ? '' : ' (not verified)'}`).join(', ') || 'none',
          'SCIM base URL': provisioning.baseUrl,
          'directory sync': directorySyncOf(provisioning),
        });
      }
    });

  return org;
}

async function readState(client: RestClient, organizationId: string) {
  const parameters = { organizationId };
  const [organization, ssoConnection, domains, provisioning] = await Promise.all([
    client.call(endpoints.getOrganization, { parameters }),
    client.call(endpoints.getSsoConnection, { parameters }).catch(noneIfMissing),
    client.all(endpoints.listDomains, { parameters }),
    client.call(endpoints.getProvisioning, { parameters }),
  ]);
  return { organization, ssoConnection, domains, provisioning };
}

function noneIfMissing(error: unknown): null {
  if (error instanceof RefusedError && error.problem.status === 404) return null;
  throw error;
}

function fieldsOf({ id, name, plan, userNameFormat, provisioningMode }: OrganizationAnswer) {
  return { id, name, plan, 'userName format': userNameFormat, provisioning: provisioningMode };
}

function directorySyncOf({ mode, directorySync }: AnswerOf<typeof endpoints.getProvisioning>): string {
  if (directorySync.active) return 'active';
  if (directorySync.missing.length > 0) return `not active: ${directorySync.missing.join(' ')}`;
  return `not active: the provisioning mode is ${mode}; \`rollcall scim enable\` selects it`;
}
