/** How the Redis behind REDIS_URL is built. */
export interface RedisPlace {
  kind: 'standalone' | 'sentinel' | 'cluster';
  /** The server itself, the Sentinels, or some nodes of the cluster, which name the others. Ports are filled in. */
  hosts: readonly { host: string; port: number }[];
  tls: boolean;
  /** Empty: none. */
  username: string;
  password: string;
  /** Number of the database; a cluster has 0 alone. */
  database: number;
  /** Under which name the Sentinels know the primary; empty for the other kinds. */
  primaryName: string;
  /** Sentinels have credentials of their own; empty: none. */
  sentinelUsername: string;
  sentinelPassword: string;
}

const defaultPorts: Readonly<Record<RedisPlace['kind'], number>> = { standalone: 6379, sentinel: 26379, cluster: 6379 };

const form = /^(rediss?)(?:-(sentinel|cluster))?:\/\/(?:([^@/]*)@)?([^/?#]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/;

/**
 * Reads REDIS_URL. With `rediss` instead of `redis` every connection is a TLS one.
 *
 * - `redis://user:password@host:6379/0`
 * - `redis-sentinel://user:password@sentinel-1:26379,sentinel-2:26379/primary-name/0`, and
 *   `?sentinelUsername=...&sentinelPassword=...` where the Sentinels ask for credentials too
 * - `redis-cluster://user:password@node-1:6379,node-2:6379`
 *
 * User, password and names are percent-encoded.
 *
 * @throws Error whose message goes on a sentence about REDIS_URL, without the value
 */
export function parseRedisUrl(text: string): RedisPlace {
  const match = form.exec(text);
  if (match === null) {
    throw new Error(
      'must be a URL such as redis://host:6379, redis-sentinel://host:26379,host:26379/primary or redis-cluster://host:6379,host:6379',
    );
  }
  const [, scheme, kindName, credentials = '', hostList = '', path = '', query = ''] = match;
  const kind: RedisPlace['kind'] = kindName === 'sentinel' || kindName === 'cluster' ? kindName : 'standalone';
  const hosts = hostList.split(',').map((text) => parseHost(text, defaultPorts[kind]));
  if (kind === 'standalone' && hosts.length > 1) {
    throw new Error('must name one host; several need redis-sentinel:// or redis-cluster://');
  }
  const colon = credentials.indexOf(':');
  const [username, password] =
    colon === -1 ? [credentials, ''] : [credentials.slice(0, colon), credentials.slice(colon + 1)];
  const words = path.split('/').filter((word) => word !== '');
  const primaryName = kind === 'sentinel' ? words.shift() : '';
  if (primaryName === undefined) {
    throw new Error('must name the primary that the Sentinels watch: redis-sentinel://host:26379/primary');
  }
  const [database = '0', ...rest] = words;
  if (!/^\d{1,4}$/.test(database) || rest.length > 0)
    throw new Error('must end in the number of a database, or in none');
  if (kind === 'cluster' && database !== '0') throw new Error('must not name a database: a cluster has one alone');
  const parameters = new URLSearchParams(query);
  return {
    kind,
    hosts,
    tls: scheme === 'rediss',
    username: decode(username),
    password: decode(password),
    database: Number(database),
    primaryName: decode(primaryName),
    sentinelUsername: parameters.get('sentinelUsername') ?? '',
    sentinelPassword: parameters.get('sentinelPassword') ?? '',
  };
}

function parseHost(text: string, defaultPort: number): { host: string; port: number } {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const host = bracketed ?? plain;
  const number = port === undefined ? defaultPort : Number(port);
  if (host === undefined || number < 1 || number > 65_535) throw new Error('must name hosts as host:port');
  return { host, port: number };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error('must have its user, password and names percent-encoded');
  }
}
