import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from './free-port.ts';

export interface PgBouncer {
  /** Of the same database, through the pooler. */
  url: string;
  stop(): Promise<void>;
}

export function hasPgBouncer(): boolean {
  return spawnSync('pgbouncer', ['--version']).status === 0;
}

/**
 * PgBouncer in transaction mode in front of a server, with so few sessions that clients share them. It refuses to run as
 * root, and becomes nobody there.
 *
 * @param databaseUrl with a user who may do everything; the pooler asks its own clients for nothing
 */
export async function startPgBouncer(databaseUrl: string): Promise<PgBouncer> {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-test-'));
  await chmod(directory, 0o755);
  const server = new URL(databaseUrl);
  const port = await freePort();
  const file = join(directory, 'pgbouncer.ini');
  const password = server.password === '' ? '' : ` password='${decodeURIComponent(server.password)}'`;
  await writeFile(
    file,
    [
      '[databases]',
      `* = host=${server.hostname} port=${server.port || 5432} user=${decodeURIComponent(server.username)}${password}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = any',
      'pool_mode = transaction',
      'default_pool_size = 3',
      'ignore_startup_parameters = extra_float_digits,options',
    ].join('\n'),
    { mode: 0o644 },
  );
  const asUser = process.getuid?.() === 0 ? ['--user', 'nobody'] : [];
  const child = spawn('pgbouncer', ['--quiet', ...asUser, file], { stdio: 'ignore' });
  const through = new URL(databaseUrl);
  through.host = `127.0.0.1:${port}`;
  through.password = '';
  await untilItAnswers(through.href);
  return {
    url: through.href,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      }
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function untilItAnswers(url: string): Promise<void> {
  for (;;) {
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      await client.query('SELECT 1');
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
