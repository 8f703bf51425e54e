import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../../src/cli/simulate/random.ts';
import type { OrganizationModel } from './model.ts';
import type { Write, Writer, WriteOutcome } from './writer.ts';

export interface AdminLaneContext {
  organization: OrganizationModel;
  random: Random;
  writer: Writer;
  isOver: () => boolean;
}

/** An admin is no machine. */
const pauseMs = { least: 20, most: 120 };

/** How long an organization is without SCIM. */
const withoutScimMs = 400;

const roles = ['viewer', 'developer', 'admin', null] as const;

/** Plays the admin of an organization: mappings, access by hand, resyncs, and where it is meant to, SCIM off and on. */
export async function runAdminLane({ organization, random, writer, isOver }: AdminLaneContext): Promise<void> {
  const admin = (write: Omit<Write, 'kind'>): Promise<WriteOutcome> =>
    writer.write(organization, { kind: 'admin', ...write });

  async function saveMapping(): Promise<void> {
    const fitting = organization.groups.filter(
      (group) => group.exists && group.doubt === undefined && group.mappingDoubt === undefined,
    );
    if (fitting.length === 0) return;
    const group = random.pick(fitting);
    const mapping = {
      workspaceIds: random.sample(organization.workspaces, random.integer(organization.workspaces.length + 1)),
      role: random.pick(roles),
    };
    await admin({
      what: 'PUT mapping',
      method: 'PUT',
      path: `/groups/${group.id}/mapping`,
      body: { ...mapping, confirm: true },
      // The lane that owns the group may just be deleting it.
      ...(group.lane !== null && { refusals: [404] }),
      concerns: [mappingOf(group)],
      apply: () => {
        group.mapping = mapping;
      },
    });
  }

  /** A doubt about the mapping leaves the group itself to its lane. */
  const mappingOf = (group: OrganizationModel['groups'][number]): Write['concerns'][number] => ({
    get doubt() {
      return group.mappingDoubt;
    },
    set doubt(doubt) {
      group.mappingDoubt = doubt;
    },
  });

  async function changeByHand(): Promise<void> {
    const userId = random.pick(organization.invited);
    const known = organization.byHand.get(userId) ?? { granted: false, doubt: undefined };
    organization.byHand.set(userId, known);
    if (known.doubt !== undefined) return;
    const granted = !known.granted;
    await admin({
      what: granted ? 'PUT access by hand' : 'DELETE access by hand',
      method: granted ? 'PUT' : 'DELETE',
      path: `/workspaces/${organization.byHandWorkspace}/members/${userId}`,
      concerns: [known],
      apply: () => {
        known.granted = granted;
      },
    });
  }

  const resync = (): Promise<WriteOutcome> =>
    admin({ what: 'POST resync', method: 'POST', path: '/resync', concerns: [], apply: () => undefined });

  const changeDefaultRole = (): Promise<WriteOutcome> =>
    admin({
      what: 'PUT sso-connection',
      method: 'PUT',
      path: '/sso-connection',
      body: { provider: 'okta', status: 'active', defaultRole: random.pick(['viewer', 'developer']) },
      concerns: [],
      apply: () => undefined,
    });

  /** Always ends with SCIM on and a token that is known, even when the answer that had it was lost. */
  async function leaveAndReturn(): Promise<void> {
    const setMode = (mode: 'manual' | 'scim', apply: Write['apply']): Promise<WriteOutcome> =>
      admin({
        what: `PUT provisioning ${mode}`,
        method: 'PUT',
        path: '/provisioning',
        body: { mode, confirm: true },
        concerns: [],
        apply,
      });
    let token = '';
    const keepToken: Write['apply'] = (_id, answer) => {
      if (typeof answer['token'] === 'string') token = answer['token'];
    };
    if ((await setMode('manual', () => undefined)) !== 'done') return;
    await sleep(random.integer(withoutScimMs));
    while ((await setMode('scim', keepToken)) === 'stopped') await sleep(100);
    while (token === '') {
      await admin({
        what: 'POST rotate',
        method: 'POST',
        path: '/scim-tokens/rotate',
        concerns: [],
        apply: keepToken,
      });
    }
    organization.token = token;
  }

  const weighted: readonly (readonly [number, () => Promise<unknown>])[] = [
    [10, saveMapping],
    [4, changeByHand],
    [1, resync],
    [1, changeDefaultRole],
    [organization.changesMode ? 1 : 0, leaveAndReturn],
  ];
  const actions = weighted.flatMap(([weight, action]) => Array.from({ length: weight }, () => action));
  while (!isOver()) {
    await random.pick(actions)();
    await sleep(pauseMs.least + random.integer(pauseMs.most - pauseMs.least));
  }
}
