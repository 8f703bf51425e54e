import { inject } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import { createMetrics } from '../../src/http/metrics.ts';
import { openServer } from '../../src/http/server.ts';
import { hashAdminKey } from '../../src/platform/admin-key.ts';
import { loadConfig } from '../../src/platform/config.ts';
import { openDatabase } from '../../src/platform/database.ts';
import { createLogger } from '../../src/platform/logger.ts';
import type { FairShares } from '../../src/rate-limit/fair-shares.ts';
import { openQuotaStore } from '../../src/rate-limit/open-quota-store.ts';
import { startQueueEngine, type QueueEngine, type QueueEngineOptions } from '../../src/queue/engine.ts';
import { untilQuiet } from './access-oracle.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';

/** Requests of one organization are to meet each other, whoever else is active: that is what many tests are about. */
const withoutTurns = { SCIM_REQUESTS_BESIDE_OTHERS: '0' };

export const engines = ['postgres', 'redis'] as const;
export type EngineName = (typeof engines)[number];

/** For `describe.skipIf`: Redis is there only where it is installed or may be. */
export function isMissing(engine: EngineName): boolean {
  return engine === 'redis' && inject('redisUrl') === null;
}

export interface Answer<Body = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: Body;
}

export interface TestService {
  readonly url: string;
  readonly adminKey: string;
  readonly db: TestDatabase;
  readonly databaseUrl: string;
  /** Lines that the service has logged. */
  readonly logLines: string[];
  /** Of a second api beside this one, which shares nothing with it but the servers; it starts when it is first asked for. */
  replicaUrl(): Promise<string>;
  /** A request to the admin API, by a path below `/api/v1`. */
  readonly admin: <Body = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
  ) => Promise<Answer<Body>>;
  /** An organization that is ready for SCIM, with its first token. */
  readonly organization: (options?: OrganizationOptions) => Promise<TestOrganization>;
  /** Resolves when no job row is left that is not failed. */
  quiet(): Promise<void>;
  close(): Promise<void>;
}

export interface OrganizationOptions {
  name?: string;
  userNameFormat?: 'email' | 'any';
  defaultRole?: 'viewer' | 'developer' | 'admin';
}

export interface TestOrganization {
  readonly id: string;
  readonly token: string;
  readonly baseUrl: string;
  /** A SCIM request, by a path below the base URL. */
  readonly scim: <Body = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<Answer<Body>>;
  /** Creates an active user. @returns its id */
  user(userName: string, attributes?: Record<string, unknown>): Promise<string>;
  /** Creates a group. @returns its id */
  group(displayName: string, members?: string[]): Promise<string>;
  /** Creates a workspace. @returns its id */
  workspace(name: string): Promise<string>;
  mapping(groupId: string, mapping: { workspaceIds: string[]; role: string | null; confirm?: true }): Promise<Answer>;
}

/** The service as `rollcall serve` runs it, in this process, on a database of its own and a free port. */
export async function startService({
  engine,
  environment = {},
  databaseThrough,
  shares,
  startQueues = startQueueEngine,
}: {
  engine: EngineName;
  /** Where the app itself finds the database, a proxy in front of it; everything else goes straight there. */
  databaseThrough?: (url: string) => Promise<string>;
  /** For tests that need a hand on who waits; left out: as the environment says. */
  shares?: FairShares;
  /** Variables of the environment beside those that name the servers. */
  environment?: Record<string, string>;
  /** For tests that need a hand on the queues: wires them instead of the real composition. */
  startQueues?: (options: QueueEngineOptions) => Promise<QueueEngine>;
}): Promise<TestService> {
  const db = await createTestDatabase(20);
  const appDb =
    databaseThrough === undefined
      ? db
      : openDatabase({
          url: await databaseThrough(db.url),
          maxConnections: 20,
          applicationName: 'app',
          onIdleError: () => undefined,
        });
  const logLines: string[] = [];
  const logger = createLogger({
    level: 'info',
    role: 'test',
    destination: { write: (line: string) => void logLines.push(line) },
  });
  const adminKey = 'rc_admin_test-key-of-the-suite';
  const metrics = createMetrics();
  const redisUrl = engine === 'redis' ? inject('redisUrl') : null;
  const queueEngine = await startQueues({
    db,
    databaseUrl: db.url,
    redisUrl,
    logger,
    roles: { dispatch: true, work: true },
    onJobFinished: (job) => metrics.observeJob(job),
    onDispatched: (job) => metrics.observeDispatch(job),
    onDriftRepaired: (users) => metrics.countDriftRepaired(users),
  });
  const quotaStore = openQuotaStore({ redisUrl, db, onError: () => undefined });
  const serve = async () => {
    const server = await openServer({ host: '127.0.0.1', port: 0, portVariable: 'PORT' });
    server.serve(createAppOf());
    return server;
  };
  const createAppOf = () =>
    createApp({
      db: appDb,
      config: { ...loadConfig({ ...withoutTurns, ...environment }), redisUrl, publicUrl: 'http://rollcall.test' },
      logger,
      adminKeyHash: hashAdminKey(adminKey),
      engine: queueEngine,
      metrics,
      resolveTxt: () => Promise.resolve([]),
      quotaStore,
      ...(shares && { shares }),
    });
  const server = await serve();
  let replica: ReturnType<typeof serve> | undefined;
  const url = `http://127.0.0.1:${server.port}`;

  const admin: TestService['admin'] = (method, path, body) =>
    request(`${url}/api/v1${path}`, method, body, {
      authorization: `Bearer ${adminKey}`,
      'content-type': 'application/json',
    });

  return {
    url,
    adminKey,
    db,
    databaseUrl: db.url,
    logLines,
    admin,
    organization: (options) => createOrganization(url, admin, options),
    quiet: () => untilQuiet(db),
    replicaUrl: async () => `http://127.0.0.1:${(await (replica ??= serve())).port}`,
    close: async () => {
      await server.close(0);
      await (await replica)?.close(0);
      quotaStore.close();
      await queueEngine.close(5_000);
      if (appDb !== db) await appDb.close();
      await db.close();
    },
  };
}

async function createOrganization(
  url: string,
  admin: TestService['admin'],
  options: OrganizationOptions = {},
): Promise<TestOrganization> {
  const must = async (method: string, path: string, body: unknown): Promise<Record<string, unknown>> => {
    const answer = await admin(method, path, body);
    if (answer.status > 299) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const { name = 'Acme', userNameFormat, defaultRole = 'viewer' } = options;
  const id = String((await must('POST', '/organizations', { name, plan: 'enterprise' }))['id']);
  if (userNameFormat !== undefined) await must('PATCH', `/organizations/${id}`, { userNameFormat });
  await must('PUT', `/organizations/${id}/sso-connection`, { provider: 'okta', status: 'active', defaultRole });
  const domain = `d${id.replaceAll('-', '')}.example`;
  await must('POST', `/organizations/${id}/domains`, { domain });
  await must('POST', `/organizations/${id}/domains/${domain}/verify`, { verified: true });
  const token = String((await must('PUT', `/organizations/${id}/provisioning`, { mode: 'scim' }))['token']);

  // The public URL of the tests is not where the service listens.
  const baseUrl = `${url}/api/v1/scim/${id}/v2`;
  const scim: TestOrganization['scim'] = (method, path, body, headers) =>
    request(`${baseUrl}${path}`, method, body, {
      authorization: `Bearer ${token}`,
      'content-type': 'application/scim+json',
      ...headers,
    });
  const created = async (path: string, body: unknown): Promise<string> => {
    const answer = await scim('POST', path, body);
    if (answer.status !== 201) throw new Error(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return String(answer.body['id']);
  };
  return {
    id,
    token,
    baseUrl,
    scim,
    user: (userName, attributes = {}) => created('/Users', { userName, active: true, ...attributes }),
    group: (displayName, members = []) =>
      created('/Groups', { displayName, members: members.map((value) => ({ value })) }),
    workspace: async (workspace) =>
      String((await must('POST', `/organizations/${id}/workspaces`, { name: workspace }))['id']),
    mapping: (groupId, mapping) => admin('PUT', `/organizations/${id}/groups/${groupId}/mapping`, mapping),
  };
}

/** One request; a JSON answer is parsed. */
export async function request<Body>(
  url: string,
  method: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<Answer<Body>> {
  const text = typeof body === 'string' ? body : body === undefined ? undefined : JSON.stringify(body);
  const response = await fetch(url, { method, headers, ...(text === undefined ? {} : { body: text }) });
  const answer = await response.text();
  let parsed: unknown = answer;
  if (answer !== '' && /json/.test(response.headers.get('content-type') ?? '')) parsed = JSON.parse(answer);
  return { status: response.status, headers: response.headers, body: parsed as Body };
}
