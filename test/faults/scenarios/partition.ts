import { setTimeout as sleep } from 'node:timers/promises';
import sql from 'sql-template-tag';
import type { Database } from '../../../src/platform/database.ts';
import type { EngineName } from '../harness/cluster.ts';
import { answeredWithinMs, otherThan, untilConsuming } from '../harness/observe.ts';
import { startTcpProxy, type Network, type TcpProxy } from '../injectors/tcp-proxy.ts';
import type { FaultContext, Scenario } from '../scenario.ts';
import type { Exchange } from '../traffic/requests.ts';

interface Partition {
  /** What the network leads to. */
  server: 'postgres' | 'redis';
  network: Network;
  seconds: number;
}

/** Of the cluster that runs. */
let networks: Partial<Record<Partition['server'], TcpProxy>> = {};

/** Sessions whose client has hung up end within this after the network is well again. */
const sessionsEndWithinMs = 20_000;

/** The server ends a transaction in which nothing happens for ten seconds; a busy machine is late. */
const idleInTransactionSeconds = 13;

function partitioned(name: string, partitions: Record<EngineName, Partition[]>, times: Scenario['times']): Scenario {
  return {
    id: 'F13',
    name,
    times,
    // The one whose network has two servers in it.
    smallOn: 'redis',
    disturbsPostgres: true,
    cluster: async () => ({
      between: async ({ databaseUrl, redisUrl }) => {
        const postgres = await startTcpProxy({ port: Number(new URL(databaseUrl).port) });
        networks = { postgres };
        if (redisUrl === null) return { databaseUrl: postgres.through(databaseUrl), redisUrl };
        const redis = await startTcpProxy({ port: Number(new URL(redisUrl).port) });
        networks = { postgres, redis };
        return { databaseUrl: postgres.through(databaseUrl), redisUrl: redis.through(redisUrl) };
      },
      cleanUp: () => Promise.all(Object.values(networks).map((network) => network.close())),
    }),
    async inject(context) {
      for (let fault = 0; fault < context.times; fault += 1) {
        for (const partition of partitions[context.cluster.engine]) await partitionOnce(context, partition);
      }
    },
  };
}

async function partitionOnce(context: FaultContext, { server, network, seconds }: Partition): Promise<void> {
  const { cluster, traffic, violation, count } = context;
  const proxy = networks[server];
  if (proxy === undefined) throw new Error(`nothing stands between the members and ${server}`);
  const what = `F13: ${typeof network === 'string' ? network : `delay of ${network.delayMs} ms`} to ${server}`;
  await traffic.progress(30);

  const damagedAt = Date.now();
  await proxy.become(network);
  await sleep(seconds * 1000);
  const held = await longestIdleTransaction(cluster.db);
  const recoveredAt = Date.now();
  await proxy.become('pass');
  if (held > idleInTransactionSeconds) violation(`${what}: a transaction was held for ${held} s by nobody`);

  const organizationIds = traffic.organizations.map(({ id }) => id);
  count('consumingAfterMs', Math.round(await untilConsuming(cluster.db, organizationIds, 30_000)), 'worst');
  await traffic.answered();
  const meanwhile = traffic.exchanges.filter(({ startedAt }) => startedAt >= damagedAt && startedAt < recoveredAt);
  const isRight = (one: Exchange): boolean =>
    typeof one.status === 'number' &&
    one.durationMs <= answeredWithinMs &&
    (one.status < 500 || (server === 'postgres' && one.status === 503 && one.retryAfter !== null));
  for (const problem of otherThan(meanwhile, isRight)) violation(`${what}: ${problem}`);
  count('refusedByPartition', meanwhile.filter(({ status }) => status === 503).length);
  count('slowestMs', Math.max(0, ...meanwhile.map(({ durationMs }) => durationMs)), 'worst');

  for (const late of await committedLate(cluster.db, meanwhile)) violation(`${what}: ${late}`);
  const leaked = server === 'postgres' ? await leakedSessions(cluster.db, proxy) : 0;
  if (leaked > 0) violation(`${what}: ${leaked} sessions are left of clients that have hung up`);
}

/** For how many seconds a session has been in a transaction without doing anything, at most. */
async function longestIdleTransaction(db: Database): Promise<number> {
  const [row] = await db.query<{ seconds: number }>(sql`
    SELECT coalesce(max(extract(epoch FROM clock_timestamp() - state_change)), 0)::double precision AS seconds
    FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`);
  return Math.round(row?.seconds ?? 0);
}

/** Sessions beyond those that a client holds, when there has been time enough for them to end. */
async function leakedSessions(db: Database, proxy: TcpProxy): Promise<number> {
  const deadline = Date.now() + sessionsEndWithinMs;
  for (;;) {
    const [row] = await db.query<{ sessions: number }>(sql`
      SELECT count(*) AS sessions FROM pg_stat_activity
      WHERE datname = current_database() AND backend_type = 'client backend' AND application_name <> 'fault-harness'`);
    const leaked = (row?.sessions ?? 0) - proxy.clients;
    if (leaked <= 0 || Date.now() > deadline) return leaked;
    await sleep(100);
  }
}

/** Requests that were carried out when their time was long over. */
async function committedLate(db: Database, exchanges: readonly Exchange[]): Promise<string[]> {
  const entries = await db.query<{ requestId: string; at: Date; action: string }>(sql`
    SELECT request_id AS "requestId", occurred_at AS at, action FROM sync_logs
    WHERE request_id = ANY (${exchanges.map(({ requestId }) => requestId)}::text[])
      AND status <> 'FAILED' AND action <> 'SYNC_ACCESS'`);
  const sent = new Map(exchanges.map((one) => [one.requestId, one]));
  return entries
    .map((entry) => ({ ...entry, afterMs: entry.at.getTime() - (sent.get(entry.requestId)?.startedAt ?? 0) }))
    .filter(({ afterMs }) => afterMs > answeredWithinMs)
    .map(
      ({ action, requestId, afterMs }) => `${action} (${requestId}) was carried out ${afterMs} ms after it was sent`,
    );
}

const onPostgres = (network: Network, seconds: number): Partition => ({ server: 'postgres', network, seconds });
const onRedis = (network: Network, seconds: number): Partition => ({ server: 'redis', network, seconds });

/** One way each. */
const delay: Network = { delayMs: 500 };

const every = (seconds: number, on: typeof onPostgres): Partition[] => [
  on('refuse', 5),
  on('reset', 5),
  on(delay, 20),
  on('half-open', seconds),
  on('blackhole', seconds),
];

/** F13: refuse, reset, blackhole, half-open and delay, between the members and their servers. */
export const partitions: readonly Scenario[] = [
  partitioned(
    'cuts the network for seconds',
    {
      postgres: [onPostgres('half-open', 8), onPostgres('reset', 1)],
      redis: [onPostgres('blackhole', 13), onRedis('blackhole', 3)],
    },
    { small: 1, full: 3 },
  ),
  partitioned(
    'cuts the network for a minute, in every way',
    { postgres: every(60, onPostgres), redis: [...every(60, onPostgres), ...every(60, onRedis)] },
    { small: 0, full: 1 },
  ),
];
