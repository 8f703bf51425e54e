import { endpoints } from '../contract/endpoints.ts';
import type { GroupAnswer } from '../contract/groups.ts';
import type { OrganizationAnswer } from '../contract/organizations.ts';
import type { UserAnswer } from '../contract/users.ts';
import type { WorkspaceAnswer } from '../contract/workspaces.ts';
import { isId } from '../platform/ids.ts';
import { StartupError } from '../platform/startup-error.ts';
import type { RestClient } from './rest-client.ts';

/** People type names, programs ids; these find a thing by either. Names are compared whole, in any case. */

/** @throws StartupError when there is none, or several of that name */
export async function findOrganizationId(client: RestClient, reference: string): Promise<string> {
  if (isId(reference)) return reference;
  const found = client.items(endpoints.listOrganizations, { parameters: {}, query: { q: reference } });
  return (await theOne<OrganizationAnswer>('organization', reference, found, ({ name }) => [name])).id;
}

/** @throws StartupError when there is none, or several of that name */
export async function findGroupId(client: RestClient, organizationId: string, reference: string): Promise<string> {
  if (isId(reference)) return reference;
  const found = client.items(endpoints.listGroups, { parameters: { organizationId }, query: { q: reference } });
  return (await theOne<GroupAnswer>('group', reference, found, ({ displayName }) => [displayName])).id;
}

/** @throws StartupError when there is none, or several of that name */
export async function findWorkspaceId(client: RestClient, organizationId: string, reference: string): Promise<string> {
  if (isId(reference)) return reference;
  const found = client.items(endpoints.listWorkspaces, { parameters: { organizationId }, query: { q: reference } });
  return (await theOne<WorkspaceAnswer>('workspace', reference, found, ({ name }) => [name])).id;
}

/** By userName, email or display name. @throws StartupError when there is none, or several */
export async function findUserId(client: RestClient, organizationId: string, reference: string): Promise<string> {
  if (isId(reference)) return reference;
  const found = client.items(endpoints.listUsers, { parameters: { organizationId }, query: { q: reference } });
  const names = ({ userName, email, displayName }: UserAnswer) => [userName, email, displayName];
  return (await theOne('user', reference, found, names)).id;
}

async function theOne<Item extends { id: string }>(
  what: string,
  reference: string,
  found: AsyncIterable<Item>,
  namesOf: (item: Item) => (string | null)[],
): Promise<Item> {
  const matches: Item[] = [];
  for await (const item of found) {
    if (namesOf(item).some((name) => name?.toLowerCase() === reference.toLowerCase())) matches.push(item);
  }
  const [match] = matches;
  if (match === undefined) throw new StartupError(`There is no ${what} ${reference}.`);
  if (matches.length > 1) {
    const ids = matches.map(({ id }) => id).join(', ');
    throw new StartupError(`There are ${matches.length} of the name ${reference}: use one of the ids ${ids}.`);
  }
  return match;
}
