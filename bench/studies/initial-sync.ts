import pg from 'pg';
import { v7 } from 'uuid';
import { schema } from '../ceiling/schema.ts';
import { startCeilingProgram } from '../contenders/ceiling.ts';
import { startLoadProcess, type LoadProcess } from '../load/load-process.ts';
import type { Target } from '../load/messages.ts';
import { processCpuMs } from '../measure/cpu.ts';
import { watchMemory } from '../measure/watch-memory.ts';
import { digits, printTable } from '../report.ts';
import { requestsOf, type InitialSyncParameters } from '../workloads/initial-sync.ts';
import { setStage, type Surroundings } from './stage.ts';

export interface InitialSyncFigures {
  provider: string;
  users: number;
  requests: number;
  seconds: number;
  ceilingSeconds: number;
  /** From the last answer until all access was computed. */
  doneAfterSeconds: number;
  apiCpuMs: number;
  ceilingCpuMs: number;
  /** Resident megabytes at the quarters of the run. */
  apiMemoryMb: number[];
  workerMemoryMb: number[];
  sizes: { table: string; bytesPerUser: number; indexBytesPerUser: number }[];
}

const perGroup = 100;

/** A first synchronisation as Entra sends one (members one by one) and as Okta does (by the hundred). */
export async function studyInitialSync(surroundings: Surroundings, users: number): Promise<InitialSyncFigures[]> {
  const load = await startLoadProcess();
  const figures: InitialSyncFigures[] = [];
  try {
    for (const [provider, membersPerRequest] of [
      ['Entra', 1],
      ['Okta', 100],
    ] as const) {
      const parameters = { users, perGroup, membersPerRequest };
      figures.push({ provider, ...(await compare(surroundings, load, parameters)) });
    }
  } finally {
    load.stop();
  }
  print(figures);
  return figures;
}

async function compare(
  surroundings: Surroundings,
  load: LoadProcess,
  parameters: InitialSyncParameters,
): Promise<Omit<InitialSyncFigures, 'provider'>> {
  const ceiling = await onCeiling(surroundings, load, parameters);
  const stage = await setStage(surroundings, { redisUrl: null, workers: 1 });
  try {
    const { id, target } = await stage.organization({ users: 0 });
    const memory = watchMemory([stage.api.pid, stage.workers[0]?.pid ?? 0]);
    const cpuBefore = processCpuMs(stage.api.pid);
    const elapsedMs = await sync(load, target, parameters);
    const apiCpuMs = processCpuMs(stage.api.pid) - cpuBefore;
    const endedAt = performance.now();
    await stage.untilQuiet();
    const doneAfterSeconds = (performance.now() - endedAt) / 1_000;
    const [apiMemoryMb = [], workerMemoryMb = []] = memory.quarters();
    await judge(stage.client, id, parameters);
    return {
      users: parameters.users,
      requests: requestsOf(parameters),
      seconds: elapsedMs / 1_000,
      ceilingSeconds: ceiling.elapsedMs / 1_000,
      doneAfterSeconds,
      apiCpuMs,
      ceilingCpuMs: ceiling.cpuMs,
      apiMemoryMb,
      workerMemoryMb,
      sizes: await sizesOf(stage.client, parameters.users),
    };
  } finally {
    await stage.stop();
  }
}

async function onCeiling(
  { postgres, directory }: Surroundings,
  load: LoadProcess,
  parameters: InitialSyncParameters,
): Promise<{ elapsedMs: number; cpuMs: number }> {
  const database = 'bench_initial_ceiling';
  await postgres.createDatabase(database);
  const client = new pg.Client({ connectionString: postgres.url(database) });
  await client.connect();
  await client.query(schema);
  await client.end();
  const program = await startCeilingProgram(postgres.url(database), directory);
  try {
    const before = processCpuMs(program.pid);
    const elapsedMs = await sync(load, program.target(v7()), parameters);
    return { elapsedMs, cpuMs: processCpuMs(program.pid) - before };
  } finally {
    await program.stop();
    await postgres.dropDatabase(database);
  }
}

async function sync(load: LoadProcess, target: Target, parameters: InitialSyncParameters): Promise<number> {
  const requests = requestsOf(parameters);
  const { elapsedMs, to } = await load.run({
    target,
    workload: 'initial-sync-requests',
    parameters,
    connections: 1,
    from: 0,
    durationMs: 6 * 3_600_000,
    most: requests,
  });
  if (to !== requests) throw new Error(`${to} requests instead of ${requests}`);
  return elapsedMs;
}

async function judge(client: pg.Client, organizationId: string, parameters: InitialSyncParameters): Promise<void> {
  const { users, perGroup: size, membersPerRequest } = parameters;
  const groups = Math.ceil(users / size);
  const { rows } = await client.query<Record<string, string>>(
    `SELECT (SELECT count(*) FROM users WHERE organization_id = $1 AND role = 'viewer') AS users,
      (SELECT count(*) FROM groups WHERE organization_id = $1) AS groups,
      (SELECT count(*) FROM group_members WHERE organization_id = $1) AS members,
      (SELECT count(*) FROM sync_logs WHERE organization_id = $1 AND action IN ('CREATE', 'ADD_MEMBERS')) AS entries,
      (SELECT count(*) FROM sync_logs WHERE organization_id = $1 AND action = 'SYNC_ACCESS' AND resource_type = 'User')
        AS synced`,
    [organizationId],
  );
  const found = JSON.stringify(rows[0]);
  const expected = JSON.stringify({
    users: `${users}`,
    groups: `${groups}`,
    members: `${users}`,
    entries: `${users + groups + Math.ceil(users / membersPerRequest)}`,
    synced: `${2 * users}`,
  });
  if (found !== expected) throw new Error(`after the initial sync there is ${found} instead of ${expected}`);
}

async function sizesOf(client: pg.Client, users: number): Promise<InitialSyncFigures['sizes']> {
  const { rows } = await client.query<{ table: string; bytes: string; index_bytes: string }>(
    // A table of partitions is the sum of them.
    `SELECT c.relname AS table, sum(pg_table_size(part.relid)) AS bytes, sum(pg_indexes_size(part.relid)) AS index_bytes
    FROM pg_class c
    CROSS JOIN LATERAL (SELECT relid FROM pg_partition_tree(c.oid) UNION SELECT c.oid::regclass) AS part
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
      AND c.relname IN ('users', 'groups', 'group_members', 'sync_logs', 'sync_jobs')
    GROUP BY 1 ORDER BY 2 DESC`,
  );
  return rows.map(({ table, bytes, index_bytes }) => ({
    table,
    bytesPerUser: Number(bytes) / users,
    indexBytesPerUser: Number(index_bytes) / users,
  }));
}

function print(figures: readonly InitialSyncFigures[]): void {
  printTable(
    'Initial sync, one request after the other',
    [
      '',
      'users',
      'requests',
      'seconds',
      'ceiling',
      'of ceiling',
      'CPU of ceiling',
      'access after s',
      'api MB by quarters',
      'worker MB',
    ],
    figures.map((sync) => [
      sync.provider,
      `${sync.users}`,
      `${sync.requests}`,
      digits(sync.seconds),
      digits(sync.ceilingSeconds),
      (sync.ceilingSeconds / sync.seconds).toFixed(2),
      (sync.apiCpuMs / sync.ceilingCpuMs).toFixed(2),
      digits(sync.doneAfterSeconds),
      sync.apiMemoryMb.map((mb) => mb.toFixed(0)).join(', '),
      sync.workerMemoryMb.map((mb) => mb.toFixed(0)).join(', '),
    ]),
  );
  printTable(
    'Bytes for each user',
    ['', 'table', 'indexes'],
    figures.flatMap(({ provider, sizes }) =>
      sizes.map((size) => [`${provider}: ${size.table}`, digits(size.bytesPerUser), digits(size.indexBytesPerUser)]),
    ),
  );
}
