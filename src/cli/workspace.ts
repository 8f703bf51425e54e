import { Command } from 'commander';
import { endpoints } from '../contract/endpoints.ts';
import { connect, withConnection, type ClientOptions } from './connection.ts';
import { findOrganizationId } from './find.ts';
import { printFields, printJson, printTable } from './print.ts';

interface WorkspaceOptions extends ClientOptions {
  organization: string;
}

/** `rollcall workspace create|list` */
export function workspaceCommand(): Command {
  const workspace = new Command('workspace').description('create and list the workspaces that mappings give access to');

  withConnection(workspace.command('create'))
    .description('create a workspace')
    .argument('<name>', 'name of the workspace')
    .requiredOption('--organization <organization>', 'id or name')
    .addHelpText('after', '\nExample:\n  $ rollcall workspace create Backend --organization Acme')
    .action(async (name: string, options: WorkspaceOptions) => {
      const client = await connect(options);
      const parameters = { organizationId: await findOrganizationId(client, options.organization) };
      const created = await client.call(endpoints.createWorkspace, { parameters, body: { name } });
      if (options.json) printJson(created);
      else printFields({ id: created.id, name: created.name });
    });

  withConnection(workspace.command('list'))
    .description('list the workspaces of an organization')
    .requiredOption('--organization <organization>', 'id or name')
    .addHelpText('after', '\nExample:\n  $ rollcall workspace list --organization Acme')
    .action(async (options: WorkspaceOptions) => {
      const client = await connect(options);
      const parameters = { organizationId: await findOrganizationId(client, options.organization) };
      const items = await client.all(endpoints.listWorkspaces, { parameters });
      if (options.json) printJson({ items });
      else
        printTable(
          ['id', 'name'],
          items.map(({ id, name }) => [id, name]),
          'There are no workspaces yet: `rollcall workspace create` makes one.',
        );
    });
  return workspace;
}
