import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDataDirectory } from '../../src/platform/data-directory.ts';
import {
  runningEmbeddedPostgresUrl,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../../src/platform/embedded-postgres.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { readPostmaster } from '../../src/platform/postmaster-file.ts';
import { temporaryDirectory } from '../support/processes.ts';

let directory: { path: string; remove(): Promise<void> };
beforeAll(async () => {
  directory = await temporaryDirectory();
});
afterAll(() => directory.remove());

async function start(path = directory.path): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({
    dataDirectory: await openDataDirectory(path),
    logger: createLogger({ level: 'silent', role: 'test' }),
    onLost: (error) => {
      throw error;
    },
  });
}

async function query(url: string, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

/** Retries while the server is on its way up again. */
async function eventually<T>(work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

describe('the embedded Postgres', () => {
  test('keeps what was written over a stop and a kill, and comes back by itself when only the server is killed', async () => {
    const first = await start();
    await query(first.url, 'CREATE TABLE kept (n integer); INSERT INTO kept VALUES (1)');
    expect(await runningEmbeddedPostgresUrl(directory.path)).toBe(first.url);

    const { pid = 0 } = (await readPostmaster(join(directory.path, 'postgres'))) ?? {};
    process.kill(pid, 'SIGKILL');
    await eventually(async () => {
      const running = await readPostmaster(join(directory.path, 'postgres'));
      expect(running?.pid).not.toBe(pid);
      await query(first.url, 'INSERT INTO kept VALUES (2)');
    });
    await first.stop();
    expect(await runningEmbeddedPostgresUrl(directory.path)).toBeUndefined();

    const second = await start();
    expect(await query(second.url, 'SELECT n FROM kept ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }]);
    await second.stop();
  });

  test('asks for the password that the data directory keeps for its owner alone', async () => {
    const server = await start();
    const withoutPassword = new URL(server.url);
    withoutPassword.password = 'guess';
    await expect(query(withoutPassword.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    expect((await stat(join(directory.path, 'postgres-password'))).mode & 0o777).toBe(0o600);
    expect((await readFile(join(directory.path, 'postgres-password'), 'utf8')).trim()).toBe(
      decodeURIComponent(new URL(server.url).password),
    );
    await server.stop();
  });

  // Postgres itself takes any living process, also a zombie, for the server that the file names.
  test('starts when postmaster.pid names a process that is somebody else', async () => {
    await writeFile(
      join(directory.path, 'postgres/postmaster.pid'),
      [process.pid, join(directory.path, 'postgres'), '0', '5432', '', '127.0.0.1', '0 0', 'ready'].join('\n'),
      { mode: 0o600 },
    );
    const server = await start();
    await query(server.url, 'SELECT 1');
    await server.stop();
  });

  test('starts over when creating the database was cut short', async () => {
    const path = join(directory.path, 'cut-short');
    await mkdir(path);
    await rename(join(directory.path, 'postgres'), join(path, 'postgres.incomplete'));
    const server = await start(path);
    await query(server.url, 'SELECT 1');
    await server.stop();
  });
});
