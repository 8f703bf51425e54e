import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNode, stopNodes, type RedisNode } from '../support/redis-cluster.ts';
import { until } from './harness.ts';

export interface Sentinels {
  /** REDIS_URL of the service. */
  url: string;
  primary: RedisNode;
  replica: RedisNode;
  stop(): Promise<void>;
}

/**
 * A primary, its replica, and one Sentinel that makes the replica primary when the other has been away for five seconds. A
 * replica counts for ten times as long after its primary went; a Sentinel whose timer was late by two seconds, as on a
 * machine that stalls, does nothing for thirty, and with less would never find one again.
 */
export async function startSentinels(): Promise<Sentinels> {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-test-'));
  const home = async (name: string) => {
    await mkdir(join(directory, name));
    return join(directory, name);
  };
  const primary = await startNode(await home('primary'), []);
  const replica = await startNode(await home('replica'), ['--replicaof', '127.0.0.1', String(primary.port)]);
  await until(async () => (await replica.client.info('replication')).includes('master_link_status:up'));
  // A Sentinel writes what it learns into its configuration.
  const sentinelHome = await home('sentinel');
  const file = join(sentinelHome, 'sentinel.conf');
  await writeFile(
    file,
    [
      `sentinel monitor main 127.0.0.1 ${primary.port} 1`,
      'sentinel down-after-milliseconds main 5000',
      'sentinel failover-timeout main 5000',
    ].join('\n'),
  );
  const sentinel = await startNode(sentinelHome, [], file);
  await until(async () =>
    JSON.stringify(await sentinel.client.call('SENTINEL', 'REPLICAS', 'main')).includes(`${replica.port}`),
  );
  return {
    url: `redis-sentinel://127.0.0.1:${sentinel.port}/main`,
    primary,
    replica,
    stop: () => stopNodes([primary, replica, sentinel], directory),
  };
}
