import { setTimeout as sleep } from 'node:timers/promises';
import { v7 } from 'uuid';
import { startLoadProcess } from '../load/load-process.ts';
import { familyCpuMs, processCpuMs, readFamily } from '../measure/cpu.ts';
import { watchMemory } from '../measure/watch-memory.ts';
import { digits, printTable } from '../report.ts';
import { groupId } from '../seed/sample-ids.ts';
import { insertGroup } from '../seed/seed-rollcall.ts';
import { bareMapping, bareResync } from './bare-mapping.ts';
import { setStage, type Stage, type Surroundings } from './stage.ts';
import { trickle, trickleFigures, trickleRate, trickling, type Trickled, type TrickleFigures } from './trickle.ts';

export interface MappingFigures {
  what: string;
  users: number;
  seconds: number;
  bareSeconds: number | null;
  workerCpuMs: number;
  postgresCpuMs: number;
  workerMemoryMb: number;
  /** How often the job told how far it was. */
  progressSeen: number;
  /** What another organization felt meanwhile. */
  neighbour: TrickleFigures | null;
}

const neighbourSeconds = 5;

/** A mapping on one large group saved and changed, and an organization of many groups computed anew. */
export async function studyMapping(surroundings: Surroundings, users: number): Promise<MappingFigures[]> {
  const stage = await setStage(surroundings, { redisUrl: null, workers: 1 });
  const load = await startLoadProcess();
  const figures: MappingFigures[] = [];
  try {
    const [{ id, first }, bare] = [await stage.organization({ users }), await stage.organization({ users })];
    await insertGroup(stage.client, { organizationId: id, number: first, firstUser: first, members: users });
    await insertGroup(stage.client, {
      organizationId: bare.id,
      number: bare.first,
      firstUser: bare.first,
      members: users,
    });
    const [one, other] = [await workspace(stage, id, 'One'), await workspace(stage, id, 'Other')];
    const [bareOne, bareOther] = [await workspace(stage, bare.id, 'One'), await workspace(stage, bare.id, 'Other')];
    const path = `/organizations/${id}/groups/${groupId(first)}/mapping`;
    await stage.client.query('VACUUM ANALYZE');

    const saved = await walk(stage, surroundings, id, () =>
      stage.api.admin('PUT', path, { workspaceIds: [one], role: 'developer' }),
    );
    await expectGrants(stage, id, one, users, 'developer');
    const bareSaved = await bareMapping(stage.client, bare.id, groupId(bare.first), {
      grant: bareOne,
      revoke: null,
      role: 'developer',
    });
    figures.push({ what: 'a mapping is saved', users, ...saved, bareSeconds: bareSaved, neighbour: null });

    const changed = await walk(stage, surroundings, id, () =>
      stage.api.admin('PUT', path, { workspaceIds: [other], role: 'viewer' }),
    );
    await expectGrants(stage, id, other, users, 'viewer');
    const bareChanged = await bareMapping(stage.client, bare.id, groupId(bare.first), {
      grant: bareOther,
      revoke: bareOne,
      role: 'viewer',
    });
    figures.push({ what: 'the mapping is changed', users, ...changed, bareSeconds: bareChanged, neighbour: null });

    const neighbour = await stage.organization(trickling(trickleRate * neighbourSeconds));
    let felt: Promise<() => Promise<Trickled>> | undefined;
    const beside = await walk(stage, surroundings, id, async () => {
      const answer = await stage.api.admin('PUT', path, { workspaceIds: [one], role: 'developer' });
      felt = trickle(stage, load, neighbour, neighbourSeconds);
      return answer;
    });
    const readTrickled = await felt;
    await stage.untilQuiet();
    const neighbourFigures = readTrickled === undefined ? null : trickleFigures([await readTrickled()]);
    figures.push({
      what: 'changed beside a neighbour',
      users,
      ...beside,
      bareSeconds: null,
      neighbour: neighbourFigures,
    });

    figures.push(...(await resyncs(stage, surroundings, users)));
  } finally {
    load.stop();
    await stage.stop();
  }
  print(figures);
  return figures;
}

async function resyncs(stage: Stage, surroundings: Surroundings, users: number): Promise<MappingFigures[]> {
  const groups = Math.min(1_000, Math.ceil(users / 10));
  const make = async () => {
    const organization = await stage.organization({ users, groups, mapped: true });
    await stage.client.query(
      `INSERT INTO group_members (organization_id, group_id, user_id)
      SELECT u.organization_id, g.ids[1 + n % cardinality(g.ids)], u.id
      FROM (SELECT *, row_number() OVER (ORDER BY id) AS n FROM users WHERE organization_id = $1) AS u,
        (SELECT array_agg(id) AS ids FROM groups WHERE organization_id = $1) AS g`,
      [organization.id],
    );
    return organization;
  };
  const [{ id }, bare] = [await make(), await make()];
  await stage.client.query('VACUUM ANALYZE');
  const workspaceId = stage.workspaceOf(id);
  const ask = () => stage.api.admin('POST', `/organizations/${id}/resync`);
  const resynced = await walk(stage, surroundings, id, ask);
  await expectGrants(stage, id, workspaceId, users, 'viewer');
  const bareSeconds = await bareResync(stage.client, bare.id);

  await stage.client.query('DELETE FROM workspace_members WHERE organization_id = $1', [id]);
  const killed = await walk(stage, surroundings, id, ask, async () => {
    await stage.workers.shift()?.kill();
    await stage.addWorker();
  });
  await expectGrants(stage, id, workspaceId, users, 'viewer');
  const what = `resync with ${groups.toLocaleString('en')} groups`;
  return [
    { what, users, ...resynced, bareSeconds, neighbour: null },
    { what: `${what}, worker killed half-way`, users, ...killed, bareSeconds: null, neighbour: null },
  ];
}

async function workspace(stage: Stage, organizationId: string, name: string): Promise<string> {
  const id = v7();
  await stage.client.query('INSERT INTO workspaces (organization_id, id, name) VALUES ($1, $2, $3)', [
    organizationId,
    id,
    name,
  ]);
  return id;
}

/** Starts a walk over many users and waits for its end. @param halfWay done once, when half of them are through */
async function walk(
  stage: Stage,
  { postgres }: Surroundings,
  organizationId: string,
  start: () => Promise<Record<string, unknown>>,
  halfWay?: () => Promise<void>,
): Promise<Omit<MappingFigures, 'what' | 'users' | 'bareSeconds' | 'neighbour'>> {
  const workerPid = stage.workers[0]?.pid ?? 0;
  const memory = watchMemory([workerPid]);
  const cpu = processCpuMs(workerPid);
  const family = readFamily(postgres.pid);
  const { jobId } = await start();
  const startedAt = performance.now();
  const seen = new Set<number>();
  let waiting = halfWay;
  for (;;) {
    const { rows } = await stage.client.query<{ done: number | null; total: number | null; status: string }>(
      `SELECT (progress ->> 'done')::integer AS done, (progress ->> 'total')::integer AS total, status
      FROM sync_jobs WHERE organization_id = $1 AND id = $2`,
      [organizationId, jobId],
    );
    const [job] = rows;
    if (job === undefined) break;
    if (job.status === 'failed') throw new Error('the job has failed');
    if (job.done !== null) seen.add(job.done);
    if (waiting !== undefined && job.done !== null && job.total !== null && 2 * job.done > job.total) {
      await waiting();
      waiting = undefined;
    }
    await sleep(20);
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  return {
    seconds,
    workerCpuMs: halfWay === undefined ? processCpuMs(workerPid) - cpu : Number.NaN,
    postgresCpuMs: familyCpuMs(family, readFamily(postgres.pid)),
    workerMemoryMb: memory.most()[0] ?? 0,
    progressSeen: seen.size,
  };
}

/** Everybody has exactly this workspace and role, and everybody has an entry of the latest job. */
async function expectGrants(
  stage: Stage,
  organizationId: string,
  workspaceId: string,
  users: number,
  role: string,
): Promise<void> {
  const { rows } = await stage.client.query<{ right: string; all: string; roles: string; entries: string }>(
    `SELECT (SELECT count(*) FROM workspace_members WHERE organization_id = $1 AND workspace_id = $2) AS right,
      (SELECT count(*) FROM workspace_members WHERE organization_id = $1) AS all,
      (SELECT count(*) FROM users WHERE organization_id = $1 AND role = $3) AS roles,
      (SELECT count(*) FROM sync_logs WHERE organization_id = $1 AND resource_type = 'User' AND action = 'SYNC_ACCESS'
        AND job_id = (SELECT job_id FROM sync_logs WHERE organization_id = $1 AND job_id IS NOT NULL ORDER BY id DESC LIMIT 1)
      ) AS entries`,
    [organizationId, workspaceId, role],
  );
  const found = JSON.stringify(rows[0]);
  const expected = JSON.stringify({ right: `${users}`, all: `${users}`, roles: `${users}`, entries: `${users}` });
  if (found !== expected) throw new Error(`after the walk there is ${found} instead of ${expected}`);
}

function print(figures: readonly MappingFigures[]): void {
  printTable(
    'Big mapping and resync',
    [
      '',
      'users',
      'seconds',
      'users/s',
      'bare SQL s',
      'of bare SQL',
      'worker CPU s',
      'Postgres CPU s',
      'worker MB',
      'progress seen',
      'neighbour p99 ms, access p99',
    ],
    figures.map((walked) => [
      walked.what,
      walked.users.toLocaleString('en'),
      digits(walked.seconds),
      digits(walked.users / walked.seconds),
      walked.bareSeconds === null ? '' : digits(walked.bareSeconds),
      walked.bareSeconds === null ? '' : (walked.bareSeconds / walked.seconds).toFixed(2),
      digits(walked.workerCpuMs / 1_000),
      digits(walked.postgresCpuMs / 1_000),
      digits(walked.workerMemoryMb),
      `${walked.progressSeen}`,
      walked.neighbour === null
        ? ''
        : `${digits(walked.neighbour.ingress.p99)}, ${digits(walked.neighbour.delays.p99)}`,
    ]),
  );
}
