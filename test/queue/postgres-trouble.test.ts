import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { QueueBackend } from '../../src/queue/backend.ts';
import { openPostgresBackend } from '../../src/queue/postgres-backend.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { startTcpProxy, type TcpProxy } from '../faults/injectors/tcp-proxy.ts';
import { silent } from './harness.ts';

describe('when the network between the queue and its Postgres', () => {
  let db: TestDatabase;
  let network: TcpProxy;
  let backend: QueueBackend;
  beforeEach(async () => {
    db = await createTestDatabase();
    network = await startTcpProxy({ port: Number(new URL(db.url).port) });
    backend = await openPostgresBackend({ databaseUrl: network.through(db.url), logger: silent });
  });
  afterEach(async () => {
    await network.become('pass');
    await backend.close();
    await network.close();
    await db.close();
  });

  const counts = () => backend.queues['group-membership'].jobs.counts();

  test('swallows everything, commands fail within seconds and work again when it is well', async () => {
    await counts();
    await network.become('blackhole');
    const startedAt = performance.now();
    await expect(counts()).rejects.toThrow('timeout');
    expect(performance.now() - startedAt).toBeLessThan(9_000);
    await network.become('pass');
    expect(await counts()).toMatchObject({ waiting: 0 });
  });
});
