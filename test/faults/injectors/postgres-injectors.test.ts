import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../../support/processes.ts';
import { createOwnPostgres, type OwnPostgres } from '../harness/own-postgres.ts';
import { holdConnections } from './held-connections.ts';
import { canTrace, slowDisk } from './slow-disk.ts';

const hasStrace = await canTrace();

describe.skipIf(process.platform !== 'linux')('a Postgres', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let postgres: OwnPostgres;
  beforeAll(async () => {
    directory = await temporaryDirectory();
    postgres = await createOwnPostgres({ directory: directory.path, settings: ['max_connections=20'] });
    await postgres.start();
  });
  afterAll(async () => {
    await postgres.killAll();
    await directory.remove();
  });

  async function withClient<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client({ connectionString: postgres.url });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  test.skipIf(!hasStrace)(
    'with a slow disk (strace) takes that much longer to commit, and not afterwards',
    async () => {
      await withClient(async (client) => {
        await client.query('CREATE TABLE written (number int)');
        const commit = async (): Promise<number> => {
          const startedAt = performance.now();
          await client.query('INSERT INTO written VALUES (1)');
          return performance.now() - startedAt;
        };
        await commit();
        const recover = await slowDisk([postgres.pid() ?? 0, ...(await postgres.children())], 300);
        try {
          expect(await commit()).toBeGreaterThan(290);
          // Processes that come later are slow too.
          const startedAt = performance.now();
          await withClient((other) => other.query('INSERT INTO written VALUES (2)'));
          expect(performance.now() - startedAt).toBeGreaterThan(290);
        } finally {
          await recover();
        }
        await expect.poll(commit).toBeLessThan(290);
      });
    },
  );

  test('whose connections are all held refuses everybody, those too who were there, until they are released', async () => {
    const before = new pg.Client({ connectionString: postgres.url });
    const lost = new Promise((resolve) => before.on('error', resolve));
    await before.connect();
    const held = await holdConnections(postgres.url, { evict: true });
    await lost;
    expect(held.count).toBeGreaterThan(15);
    const knock = () =>
      withClient(() => Promise.resolve('let in')).catch((error: unknown) => (error as { code?: string }).code);
    // A slot that becomes free is taken too, a moment later.
    await expect.poll(knock).toBe('53300');
    await held.release();
    await withClient((client) => client.query('SELECT 1'));
  });
});
