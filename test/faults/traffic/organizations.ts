import type { Random } from '../../../src/cli/simulate/random.ts';
import type { GroupModel, OrganizationModel } from './model.ts';

/** Organizations that are ready for the traffic, made over HTTP while nothing is wrong. */
export async function createOrganizations(options: {
  apiUrl: string;
  adminKey: string;
  count: number;
  /** Unique in the cluster; a part of names and domains. */
  tag: string;
  random: Random;
}): Promise<OrganizationModel[]> {
  return Promise.all(
    Array.from({ length: options.count }, (_, index) =>
      createOrganization({ ...options, name: `${options.tag}-${index}`, changesMode: index === 0 }),
    ),
  );
}

const workspaceNames = ['Code', 'Staging', 'Production', 'Ledger'];
const sharedGroups = 3;

async function createOrganization(options: {
  apiUrl: string;
  adminKey: string;
  name: string;
  changesMode: boolean;
}): Promise<OrganizationModel> {
  const { apiUrl, adminKey, name, changesMode } = options;
  const domain = `${name}.example`;
  const call = async (token: string, method: string, path: string, body?: unknown): Promise<Answer> => {
    const response = await fetch(`${apiUrl}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`setting up: ${method} ${path}: ${response.status} ${text}`);
    return text === '' ? {} : (JSON.parse(text) as Answer);
  };
  const admin = (method: string, path: string, body?: unknown) => call(adminKey, method, path, body);

  const { id } = await admin('POST', '/organizations', { name, plan: 'enterprise' });
  const at = `/organizations/${String(id)}`;
  await admin('PUT', `${at}/sso-connection`, { provider: 'okta', status: 'active', defaultRole: 'viewer' });
  await admin('POST', `${at}/domains`, { domain, verified: true });
  // Never pushed by the directory, with and without access; they can be invited only while SCIM is off.
  const invited = await Promise.all(
    ['ada', 'ben', 'cem'].map(async (person) =>
      String((await admin('POST', `${at}/users`, { email: `${person}@${domain}`, role: 'developer' }))['id']),
    ),
  );
  const { token } = await admin('PUT', `${at}/provisioning`, { mode: 'scim' });
  const workspace = async (workspaceName: string): Promise<string> =>
    String((await admin('POST', `${at}/workspaces`, { name: workspaceName }))['id']);
  const workspaces = await Promise.all(workspaceNames.map(workspace));
  const byHandWorkspace = await workspace('By hand');
  const [keptWorkspace = ''] = workspaces;
  const scim = (path: string, body: unknown) => call(String(token), 'POST', `/scim/${String(id)}/v2${path}`, body);

  // Users of the directory who hold, beside what their groups give, access that an admin gave by hand.
  const pushed = await Promise.all(
    ['dee', 'eva'].map(async (person) =>
      String((await scim('/Users', { userName: `${person}@${domain}`, active: true }))['id']),
    ),
  );
  for (const userId of [...invited.slice(0, 2), ...pushed]) {
    await admin('PUT', `${at}/workspaces/${keptWorkspace}/members/${userId}`);
  }

  const groups: GroupModel[] = [];
  for (let number = 1; number <= sharedGroups; number += 1) {
    const groupName = `Shared ${number}`;
    const members = pushed.map((value) => ({ value }));
    const group = await scim('/Groups', { displayName: groupName, externalId: groupName, members });
    // From the start most groups give something, so that memberships matter.
    const mapping = { workspaceIds: workspaces.slice(0, number), role: number === 1 ? ('developer' as const) : null };
    await admin('PUT', `${at}/groups/${String(group['id'])}/mapping`, { ...mapping, confirm: true });
    groups.push({
      id: String(group['id']),
      name: groupName,
      exists: true,
      lane: null,
      mapping,
      doubt: undefined,
      mappingDoubt: undefined,
    });
  }
  return {
    id: String(id),
    name,
    domain,
    token: String(token),
    changesMode,
    workspaces,
    byHandWorkspace,
    invited,
    users: pushed.map((userId, index) => ({
      id: userId,
      userName: `${['dee', 'eva'][index] ?? ''}@${domain}`,
      text: '',
      active: true,
      exists: true,
      groups: new Set(groups),
      doubt: undefined,
    })),
    groups,
    byHand: new Map(),
  };
}

type Answer = Record<string, unknown>;
