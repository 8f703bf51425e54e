import { Command, Option } from 'commander';
import { endpoints } from '../contract/endpoints.ts';
import { organizationRoles, type OrganizationRole } from '../contract/roles.ts';
import { connect, withConnection, type ClientOptions } from './connection.ts';
import { findGroupId, findOrganizationId, findWorkspaceId } from './find.ts';
import { printFields, printJson, printLine, printTable } from './print.ts';

/** What the role option takes for "use connection role". */
const inherit = 'inherit';

interface SetOptions extends ClientOptions {
  organization: string;
  group: string;
  workspace: string[];
  role: OrganizationRole | typeof inherit;
  confirm?: true;
  preview?: true;
}

/** `rollcall mapping list|set` */
export function mappingCommand(): Command {
  const mapping = new Command('mapping').description('choose what the members of a group get');

  withConnection(mapping.command('list'))
    .description('list the groups that were pushed, with their mapping')
    .requiredOption('--organization <organization>', 'id or name')
    .option('--query <text>', 'part of the group name')
    .addHelpText('after', '\nExample:\n  $ rollcall mapping list --organization Acme')
    .action(async (options: ClientOptions & { organization: string; query?: string }) => {
      const client = await connect(options);
      const parameters = { organizationId: await findOrganizationId(client, options.organization) };
      const [items, workspaces] = await Promise.all([
        client.all(endpoints.listGroups, { parameters, query: { q: options.query } }),
        client.all(endpoints.listWorkspaces, { parameters }),
      ]);
      if (options.json) {
        printJson({ items });
        return;
      }
      const names = new Map(workspaces.map(({ id, name }) => [id, name]));
      printTable(
        ['id', 'group', 'members', 'workspaces', 'role'],
        items.map(({ id, displayName, memberCount, mapping: saved }) => [
          id,
          displayName,
          memberCount,
          saved?.workspaceIds.map((workspaceId) => names.get(workspaceId) ?? workspaceId).join(', '),
          saved === null ? null : (saved.role ?? 'use connection role'),
        ]),
        'No groups synced yet. Groups will appear here automatically once your identity provider pushes them via SCIM.',
      );
    });

  withConnection(mapping.command('set'))
    .description('save the mapping of a group: exactly these workspaces, and this role')
    .requiredOption('--organization <organization>', 'id or name')
    .requiredOption('--group <group>', 'id or name')
    .option('--workspace <workspace>', 'id or name; may be given several times, or not at all', collect, [])
    .addOption(
      new Option('--role <role>', `organization role; ${inherit}: use connection role`)
        .choices([...organizationRoles, inherit])
        .default(inherit),
    )
    .option('--confirm', 'also when no active admin is left')
    .option('--preview', 'only show what would change')
    .addHelpText(
      'after',
      '\nExample:\n  $ rollcall mapping set --organization Acme --group Engineering --workspace Backend --workspace Docs --role developer',
    )
    .action(async (options: SetOptions) => {
      const client = await connect(options);
      const organizationId = await findOrganizationId(client, options.organization);
      const groupId = await findGroupId(client, organizationId, options.group);
      const workspaceIds: string[] = [];
      for (const reference of options.workspace) {
        workspaceIds.push(await findWorkspaceId(client, organizationId, reference));
      }
      const parameters = { organizationId, groupId };
      const choice = { workspaceIds, role: options.role === inherit ? null : options.role };
      if (options.preview) {
        const preview = await client.call(endpoints.previewMapping, { parameters, body: choice });
        if (options.json) printJson(preview);
        else {
          const { users, grants, revokes, roleChanges, losesLastAdmin } = preview;
          printFields({ users, grants, revokes, 'role changes': roleChanges, 'loses the last admin': losesLastAdmin });
        }
        return;
      }
      const answer = await client.call(endpoints.saveMapping, {
        parameters,
        body: { ...choice, ...(options.confirm && { confirm: true }) },
      });
      if (options.json) printJson(answer);
      else printLine(`Saved. Job ${answer.jobId} brings it to every member.`);
    });

  return mapping;
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}
