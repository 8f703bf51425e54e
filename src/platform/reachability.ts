import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import pg from 'pg';
import { parseRedisUrl } from './redis-url.ts';
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
 * Tries a connection and a PING as the service would, so that a wrong address or password is known before anything
 * starts that would try again for ever.
 *
 * @throws StartupError that names REDIS_URL, what is wrong with it, and no password
 */
export async function checkRedis(redisUrl: string): Promise<void> {
  const { hosts, ...place } = parseRedisUrl(redisUrl);
  const credentials =
    place.kind === 'sentinel' ? [place.sentinelUsername, place.sentinelPassword] : [place.username, place.password];
  let answer: string;
  try {
    // Of several Sentinels or nodes any one will do: it names the others.
    answer = await Promise.any(hosts.map((host) => askRedis({ ...host, tls: place.tls, credentials })));
  } catch (error) {
    const cause: unknown = error instanceof AggregateError ? error.errors[0] : error;
    throw new StartupError(`REDIS_URL: Redis at ${placeOf(redisUrl)} ${networkReason(cause)}.`, { cause });
  }
  // While it loads its data it refuses commands, for a moment.
  if (/^(\+|-LOADING)/.test(answer)) return;
  const reason = /^-(WRONGPASS|NOAUTH|ERR.*AUTH)/.test(answer)
    ? 'refuses the user or the password'
    : `does not answer as Redis does (${JSON.stringify(answer.slice(0, 60))})`;
  throw new StartupError(`REDIS_URL: Redis at ${placeOf(redisUrl)} ${reason}.`);
}

/** The answer to PING, or to AUTH when that was refused. One exchange in RESP needs no client library. */
function askRedis(server: { host: string; port: number; tls: boolean; credentials: string[] }): Promise<string> {
  const { host, port, tls } = server;
  const target = { host, port, timeout: reachableWithinMs };
  const credentials = server.credentials.filter((part) => part !== '');
  const commands = [...(credentials.length === 0 ? [] : [['AUTH', ...credentials]]), ['PING']];
  return new Promise((resolve, reject) => {
    const socket = tls ? connectTls({ ...target, servername: host }) : connect(target);
    let received = '';
    const settle = (finish: () => void): void => {
      socket.destroy();
      finish();
    };
    socket.setEncoding('utf8');
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      socket.write(commands.map(respOf).join(''));
    });
    socket.on('data', (text: string) => {
      received += text;
      const lines = received.split('\r\n').slice(0, -1);
      const refused = lines.find((line) => !line.startsWith('+'));
      const answer = refused ?? (lines.length >= commands.length ? lines.at(-1) : undefined);
      if (answer !== undefined) settle(() => resolve(answer));
    });
    socket.once('timeout', () => settle(() => reject(new Error('timeout'))));
    socket.once('error', (error: Error) => settle(() => reject(error)));
    socket.once('end', () => settle(() => reject(new Error('the connection was closed at once'))));
  });
}

function respOf(words: string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}

/** Host, port and database of a URL, without what may be secret. */
export function placeOf(url: string): string {
  // Not URL: a Postgres URL may name a socket directory and no host.
  const [, host = '', path = ''] = /^[a-z+-]+:\/\/(?:[^@/]*@)?([^/?]*)(\/[^?]*)?/i.exec(url) ?? [];
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
