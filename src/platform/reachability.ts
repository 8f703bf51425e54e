import { connect } from 'node:net';
import pg from 'pg';
import { StartupError } from './startup-error.ts';

/** Long enough for a slow network, short enough for the person who waits for the start. */
const reachableWithinMs = 5_000;

/**
 * Tries a connection as the service would.
 *
 * @throws StartupError that names DATABASE_URL, what is wrong with it, and no password
 */
export async function checkPostgres(databaseUrl: string): Promise<void> {
  let client: pg.Client | undefined;
  try {
    client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: reachableWithinMs });
    client.on('error', () => undefined); // shows in the failing query too
    await client.connect();
    await client.query('SELECT 1');
  } catch (error) {
    throw new StartupError(`DATABASE_URL: Postgres at ${placeOf(databaseUrl)} ${postgresReason(error)}.`, {
      cause: error,
    });
  } finally {
    await client?.end().catch(() => undefined);
  }
}

/**
 * Tries a TCP connection; whether the credentials are right, the queue engine's first command tells.
 *
 * @throws StartupError that names REDIS_URL, what is wrong with it, and no password
 */
export async function checkRedis(redisUrl: string): Promise<void> {
  const { hostname, port } = new URL(redisUrl);
  const host = hostname.replace(/^\[|\]$/g, '');
  try {
    await new Promise<void>((resolve, reject) => {
      const socket = connect({ host, port: Number(port || 6379), timeout: reachableWithinMs });
      socket.once('connect', () => {
        socket.destroy();
        resolve();
      });
      socket.once('timeout', () => {
        socket.destroy();
        reject(new Error('timeout'));
      });
      socket.once('error', reject);
    });
  } catch (error) {
    throw new StartupError(`REDIS_URL: Redis at ${placeOf(redisUrl)} ${networkReason(error)}.`, { cause: error });
  }
}

/** Host, port and database of a URL, without what may be secret. */
export function placeOf(url: string): string {
  // Not URL: a Postgres URL may name a socket directory and no host.
  const [, host = '', path = ''] = /^[a-z+]+:\/\/(?:[^@/]*@)?([^/?]*)(\/[^?]*)?/i.exec(url) ?? [];
  const socketDirectory = /[?&]host=([^&]*)/.exec(url)?.[1];
  return `${host || decodeURIComponent(socketDirectory ?? 'localhost')}${path}`;
}

function postgresReason(error: unknown): string {
  if (!(error instanceof pg.DatabaseError)) return networkReason(error);
  switch (error.code) {
    case '28P01':
    case '28000':
      return 'refuses the user or the password';
    case '3D000':
      return 'has no such database: create it first';
    default:
      return `refuses the connection (${error.message})`;
  }
}

function networkReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ECONNREFUSED':
      return 'cannot be reached: nothing listens there (ECONNREFUSED)';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `cannot be reached: the host name does not resolve (${code})`;
    case 'ENOENT':
      return 'cannot be reached: there is no such socket (ENOENT)';
    default:
      return /timeout/i.test(message) || code === 'ETIMEDOUT'
        ? `cannot be reached: no answer within ${reachableWithinMs / 1000} seconds`
        : `cannot be used (${code ?? message})`;
  }
}
