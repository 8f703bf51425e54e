import fc from 'fast-check';
import sql from 'sql-template-tag';
import { organizationRoles, type OrganizationRole } from '../../../src/contract/roles.ts';
import { newId } from '../../../src/platform/ids.ts';
import type { Tenant } from '../tenant.ts';
import { command, succeeded, type WorldCommand } from './command.ts';
import { mappingValue } from './final-state.ts';
import { placeOf } from './scim-commands.ts';
import { defaultRole, manualGrant, mapping, mayBeGone } from './world.ts';

/** A job that cannot be worked fails at once; on a busy machine it may take its time to be looked at. */
const failsWithinMs = 10_000;

const roleArbitrary = fc.constantFrom(...organizationRoles);

export const saveMapping = (place: number, workspaces: number[], role: OrganizationRole | null): WorldCommand =>
  command(
    `map group ${place} to workspaces ${workspaces.join()} as ${role ?? 'none'}`,
    (world) => world.at('group', place) !== undefined,
    async (world, tenant) => {
      const group = world.at('group', place);
      if (group === undefined) return;
      const chosen = world.some('workspace', workspaces);
      const workspaceIds = chosen.map(({ id }) => id);
      const sentAt = await world.turn('save mapping');
      const answer = await tenant.admin('PUT', `/groups/${group.id}/mapping`, { workspaceIds, role, confirm: true });
      const refusals = { 404: mayBeGone(group), 400: chosen.some(mayBeGone) };
      if (!succeeded('save mapping', answer, refusals)) return;
      world.history.acknowledge(sentAt, [[mapping(group), mappingValue(role, workspaceIds)]]);
    },
  );

const changeDefaultRole = (role: OrganizationRole): WorldCommand =>
  command(
    `change the default role to ${role}`,
    () => true,
    async (world, tenant) => {
      const sentAt = await world.turn('change default role');
      const body = { provider: 'okta', status: 'active', defaultRole: role };
      succeeded('change default role', await tenant.admin('PUT', '/sso-connection', body));
      world.history.acknowledge(sentAt, [[defaultRole, role]]);
    },
  );

export const addWorkspace = (place: number): WorldCommand =>
  command(
    `add workspace ${place}`,
    (world) => world.isFree('workspace', place),
    async (world, tenant) => {
      await world.turn('add workspace');
      const answer = await tenant.admin('POST', '/workspaces', { name: world.freshName() });
      if (succeeded('add workspace', answer)) world.add('workspace', place, String(answer.body['id']));
    },
  );

const deleteWorkspace = (place: number): WorldCommand =>
  command(
    `delete workspace ${place}`,
    (world) => !world.isFree('workspace', place),
    async (world, tenant) => {
      const workspace = world.at('workspace', place);
      if (workspace === undefined) return;
      await world.turn('delete workspace');
      workspace.deletions += 1;
      const answer = await tenant.admin('DELETE', `/workspaces/${workspace.id}`);
      if (succeeded('delete workspace', answer, { 404: workspace.deletions > 1 })) workspace.isGone = true;
    },
  );

const grant = (userPlace: number, workspacePlace: number, on: boolean): WorldCommand =>
  command(
    `${on ? 'grant' : 'revoke'} user ${userPlace} workspace ${workspacePlace} by hand`,
    (world) => world.at('user', userPlace) !== undefined && world.at('workspace', workspacePlace) !== undefined,
    async (world, tenant) => {
      const [user, workspace] = [world.at('user', userPlace), world.at('workspace', workspacePlace)];
      if (user === undefined || workspace === undefined) return;
      const sentAt = await world.turn('grant by hand');
      const path = `/workspaces/${workspace.id}/members/${user.id}`;
      const answer = await tenant.admin(on ? 'PUT' : 'DELETE', path);
      if (!succeeded('grant by hand', answer, { 404: mayBeGone(user) || mayBeGone(workspace) })) return;
      world.history.acknowledge(sentAt, [[manualGrant(user, workspace), on]]);
    },
  );

const leaveAndSelectAgain = command(
  'leave SCIM and select it again',
  (world) => !world.isChangingMode,
  async (world, tenant) => {
    world.isChangingMode = true;
    await world.turn('leave SCIM');
    world.mayBeLocked = true;
    succeeded('leave SCIM', await tenant.admin('PUT', '/provisioning', { mode: 'manual', confirm: true }));
    await world.turn('select SCIM');
    await selectScim(tenant);
    world.isChangingMode = false;
  },
);

async function selectScim(tenant: Tenant): Promise<void> {
  const selected = await tenant.admin('PUT', '/provisioning', { mode: 'scim' });
  succeeded('select SCIM', selected);
  tenant.token = String(selected.body['token']);
}

const resync = command(
  'resync',
  () => true,
  async (world, tenant) => {
    await world.turn('resync');
    succeeded('resync', await tenant.admin('POST', '/resync'));
  },
);

/** A job with a damaged payload fails; it is mended, and replayed twice at once while everything else goes on. */
const failAndReplay = (place: number): WorldCommand =>
  command(
    `a job of user ${place} fails and is replayed twice`,
    (world) => world.at('user', place) !== undefined,
    async (world, tenant) => {
      const user = world.at('user', place);
      if (user === undefined) return;
      await world.turn('fail a job');
      const job = newId();
      await tenant.db.query(sql`
      INSERT INTO sync_jobs (id, organization_id, queue, payload)
      VALUES (${job}, ${tenant.id}, 'group-membership', '{"userIds": ["damaged"]}')`);
      await untilFailed(tenant, job);
      await tenant.db.query(sql`
      UPDATE sync_jobs SET payload = ${JSON.stringify({ userIds: [user.id] })}::jsonb
      WHERE organization_id = ${tenant.id} AND id = ${job} AND status = 'failed'`);
      await world.turn('replay');
      const replay = () => tenant.admin('POST', '/jobs/replay', { ids: [job] });
      for (const answer of await Promise.all([replay(), replay()])) succeeded('replay', answer);
    },
  );

/** Until the job has failed, or was skipped because SCIM was left meanwhile. */
async function untilFailed({ db, id }: Tenant, job: string): Promise<void> {
  const deadline = Date.now() + failsWithinMs;
  for (;;) {
    const [row] = await db.query<{ status: string }>(sql`
      SELECT status FROM sync_jobs WHERE organization_id = ${id} AND id = ${job}`);
    if (row === undefined || row.status === 'failed') return;
    if (Date.now() > deadline) throw new Error(`the damaged job is still ${row.status}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** What admins and operators do meanwhile, without what brings a resync. */
export const adminCommands: fc.WeightedArbitrary<WorldCommand>[] = [
  {
    weight: 6,
    arbitrary: fc
      .tuple(placeOf.group, fc.uniqueArray(placeOf.workspace, { maxLength: 3 }), fc.option(roleArbitrary))
      .map(([place, workspaces, role]) => saveMapping(place, workspaces, role)),
  },
  { weight: 1, arbitrary: placeOf.workspace.map(addWorkspace) },
  { weight: 1, arbitrary: placeOf.workspace.map(deleteWorkspace) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(placeOf.user, placeOf.workspace, fc.boolean())
      .map(([user, workspace, on]) => grant(user, workspace, on)),
  },
  { weight: 1, arbitrary: placeOf.user.map(failAndReplay) },
];

/** What computes everybody anew, and so mends whatever went wrong before: half of the runs go without. */
export const resyncCommands: fc.WeightedArbitrary<WorldCommand>[] = [
  { weight: 2, arbitrary: roleArbitrary.map(changeDefaultRole) },
  { weight: 2, arbitrary: fc.constant(leaveAndSelectAgain) },
  { weight: 1, arbitrary: fc.constant(resync) },
];
