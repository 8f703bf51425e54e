import { endpoints } from '../../contract/endpoints.ts';
import type { OrganizationRole } from '../../contract/roles.ts';
import type { RestClient } from '../rest-client.ts';

const workspaceNames = ['Source code', 'Staging', 'Production', 'Analytics', 'Customer data', 'Website', 'Ledger'];

interface MappingChoice {
  workspaces: string[];
  /** Null: use the connection role. */
  role: OrganizationRole | null;
}

/** What an admin of this company would choose. */
const choices: Record<string, MappingChoice> = {
  Engineering: { workspaces: ['Source code', 'Staging'], role: 'developer' },
  Sales: { workspaces: ['Customer data'], role: null },
  'Customer Support': { workspaces: ['Customer data', 'Website'], role: null },
  Product: { workspaces: ['Staging', 'Analytics'], role: null },
  Design: { workspaces: ['Website', 'Staging'], role: null },
  Finance: { workspaces: ['Ledger'], role: 'viewer' },
  Administrators: { workspaces: ['Production', 'Analytics'], role: 'admin' },
  'On-call': { workspaces: ['Production'], role: 'developer' },
  'Data readers': { workspaces: ['Analytics'], role: null },
  Contractors: { workspaces: ['Website'], role: 'viewer' },
  'Release managers': { workspaces: ['Source code', 'Production'], role: 'developer' },
};
const anyOther: MappingChoice = { workspaces: ['Website'], role: null };

/** Creates the workspaces. @returns their ids by name */
export async function createWorkspaces(client: RestClient, organizationId: string): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (const name of workspaceNames) {
    const { id } = await client.call(endpoints.createWorkspace, { parameters: { organizationId }, body: { name } });
    ids.set(name, id);
  }
  return ids;
}

/** Maps every group that was pushed and has no mapping yet. @returns how many */
export async function mapGroups(
  client: RestClient,
  organizationId: string,
  workspaceIds: Map<string, string>,
): Promise<number> {
  let mapped = 0;
  for await (const { id: groupId, displayName, mapping } of client.items(endpoints.listGroups, {
    parameters: { organizationId },
  })) {
    if (mapping !== null) continue;
    const { workspaces, role } = choices[displayName] ?? anyOther;
    await client.call(endpoints.saveMapping, {
      parameters: { organizationId, groupId },
      // Nobody is an admin yet when the first mapping is saved.
      body: { workspaceIds: workspaces.flatMap((name) => workspaceIds.get(name) ?? []), role, confirm: true },
    });
    mapped += 1;
  }
  return mapped;
}
