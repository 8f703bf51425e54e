import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../test/support/free-port.ts';
import { startNodeProgram, type NodeProgram } from '../servers/node-program.ts';

const thisCheckout = join(import.meta.dirname, '../..');

export const adminKey = 'rc_admin_of-the-benchmark-alone';

export interface RollcallApi extends NodeProgram {
  readonly port: number;
  /** A request of the admin API, by a path below /api/v1. @throws for an answer that is no success */
  admin(method: string, path: string, body?: unknown): Promise<Record<string, unknown>>;
}

export interface RollcallOptions {
  databaseUrl: string;
  redisUrl: string | null;
  /** Sets of queues in Redis; left out: one. */
  queueShards?: number;
  /** Where the program's log goes. */
  logDirectory: string;
  /** For the flags of a profile. */
  nodeFlags?: string[];
  /** Where the program is; left out: this checkout. */
  checkout?: string | undefined;
}

function programOf({ checkout = thisCheckout }: RollcallOptions): string {
  return join(checkout, 'bin/rollcall.js');
}

function environmentOf({ databaseUrl, redisUrl, queueShards = 1 }: RollcallOptions): Record<string, string> {
  return {
    DATABASE_URL: databaseUrl,
    ROLLCALL_ADMIN_KEY: adminKey,
    ...(redisUrl === null ? {} : { REDIS_URL: redisUrl, QUEUE_SHARDS: `${queueShards}` }),
    // One client stands for a whole provider here, and shall be held back by nothing but the service's speed.
    SCIM_RATE_LIMIT_PER_SECOND: '100000',
  };
}

/** `rollcall api` as `npm run build` made it. */
export async function startRollcallApi(options: RollcallOptions): Promise<RollcallApi> {
  if (!existsSync(join(options.checkout ?? thisCheckout, 'dist/src/main.js'))) {
    throw new Error('The program is not built: run `npm run build`, or the bench by `npm run bench`.');
  }
  const port = await freePort();
  const process = await startNodeProgram({
    words: [...(options.nodeFlags ?? []), programOf(options), 'api'],
    environment: { ...environmentOf(options), PORT: `${port}` },
    logFile: join(options.logDirectory, 'api.log'),
    ready: /api is ready/,
  });
  return {
    ...process,
    port,
    admin: async (method, path, body) => {
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
      return (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
    },
  };
}

/** `rollcall worker`. */
export function startRollcallWorker(options: RollcallOptions): Promise<NodeProgram> {
  return startNodeProgram({
    words: [...(options.nodeFlags ?? []), programOf(options), 'worker'],
    environment: environmentOf(options),
    logFile: join(options.logDirectory, 'worker.log'),
    ready: /worker is ready/,
  });
}

/** An organization whose directory sync is active, made the way an admin makes one. */
export async function createOrganization(
  api: Pick<RollcallApi, 'admin'>,
  name: string,
): Promise<{ id: string; token: string }> {
  const id = String((await api.admin('POST', '/organizations', { name, plan: 'enterprise' }))['id']);
  const path = `/organizations/${id}`;
  await api.admin('PUT', `${path}/sso-connection`, { provider: 'okta', status: 'active', defaultRole: 'viewer' });
  const domain = `d${id.replaceAll('-', '')}.example`;
  await api.admin('POST', `${path}/domains`, { domain });
  await api.admin('POST', `${path}/domains/${domain}/verify`, { verified: true });
  const { token } = await api.admin('PUT', `${path}/provisioning`, { mode: 'scim' });
  return { id, token: String(token) };
}
