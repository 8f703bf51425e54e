import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, type Database } from '../../../src/platform/database.ts';
import { rollcall } from '../../support/processes.ts';
import { createOwnPostgres, type OwnPostgres } from './own-postgres.ts';
import { createOwnRedis, type OwnRedis } from './own-redis.ts';
import { installHistory } from './history.ts';
import { createMember, type Member, type MemberRole } from './member.ts';

export type EngineName = 'postgres' | 'redis';

/** Everything that one installation consists of: two servers, two api and two worker processes, all real. */
export interface Cluster {
  readonly engine: EngineName;
  readonly postgres: OwnPostgres;
  /** Null on the Postgres engine. */
  readonly redis: OwnRedis | null;
  readonly apis: readonly Member[];
  readonly workers: readonly Member[];
  /** Apis and workers. */
  readonly members: readonly Member[];
  readonly adminKey: string;
  /** The harness' own connections, straight to Postgres. */
  readonly db: Database;
  /** Starts servers and members that do not run, and waits until all are ready. What runs is left alone. */
  ensureRunning(): Promise<void>;
  /** Kills everything and removes its files. */
  close(): Promise<void>;
}

export interface ClusterOptions {
  engine: EngineName;
  /** Left out: 2. */
  apis?: number;
  /** Left out: 2. */
  workers?: number;
  /** `name=value`, beside those of `own-postgres.ts`. */
  postgresSettings?: readonly string[];
  /** Where Postgres keeps its files, for a disk of a special kind; left out: a temporary directory. */
  postgresDirectory?: string;
  /**
   * Puts something between the members and their servers: gets the real URLs and answers the ones that members use.
   * The harness itself always goes straight.
   */
  between?: (urls: { databaseUrl: string; redisUrl: string | null }) => Promise<{
    databaseUrl: string;
    redisUrl: string | null;
  }>;
  /** More variables of the environment for one member. */
  environmentOf?: (role: MemberRole, index: number) => Record<string, string>;
}

const adminKey = 'rc_admin_of-the-fault-tests';

/** Starts a cluster: Postgres, with the Redis engine Redis too, the schema, and the members. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { engine, apis: apiCount = 2, workers: workerCount = 2, environmentOf = () => ({}) } = options;
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-faults-'));
  const closers: (() => Promise<unknown>)[] = [
    () => rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }),
  ];
  const close = async (): Promise<void> => {
    for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) await closer();
  };
  try {
    const postgres = await createOwnPostgres({
      directory: options.postgresDirectory ?? directory,
      settings: options.postgresSettings ?? [],
    });
    closers.push(() => postgres.killAll());
    await postgres.start();
    const redis = engine === 'redis' ? await createOwnRedis(join(directory, 'redis')) : null;
    if (redis !== null) closers.push(() => redis.kill());
    await redis?.start();

    const direct = { databaseUrl: postgres.url, redisUrl: redis?.url ?? null };
    const { databaseUrl, redisUrl } = await (options.between?.(direct) ?? Promise.resolve(direct));
    const migrated = await rollcall(['migrate'], { DATABASE_URL: postgres.url });
    if (migrated.code !== 0) throw new Error(`rollcall migrate: ${migrated.output}`);

    const member = (role: MemberRole, index: number): Promise<Member> =>
      createMember({
        role,
        name: `${role}-${index}`,
        environment: {
          DATABASE_URL: databaseUrl,
          ...(redisUrl !== null && { REDIS_URL: redisUrl }),
          ROLLCALL_ADMIN_KEY: adminKey,
          LOG_LEVEL: 'info',
          // Thousands of leavers within minutes are what these tests are about.
          BULK_CHANGE_ALARM_USERS: '0',
          BULK_CHANGE_ALARM_PERCENT: '0',
          ...environmentOf(role, index),
        },
      });
    const apis = await Promise.all(Array.from({ length: apiCount }, (_, index) => member('api', index)));
    const workers = await Promise.all(Array.from({ length: workerCount }, (_, index) => member('worker', index)));
    const members = [...apis, ...workers];
    closers.push(() => Promise.all(members.map((one) => one.kill())));

    const db = openDatabase({
      url: postgres.url,
      maxConnections: 4,
      applicationName: 'fault-harness',
      // The judgement of a long round looks through everything that happened in it.
      statementTimeoutMs: 60_000,
      onIdleError: () => undefined, // Postgres is killed on purpose
    });
    closers.push(() => db.close());

    await installHistory(db);

    const ensureRunning = async (): Promise<void> => {
      await Promise.all([postgres.start(), redis?.start()]);
      await Promise.all(members.map((one) => one.start()));
    };
    await ensureRunning();
    return { engine, postgres, redis, apis, workers, members, adminKey, db, ensureRunning, close };
  } catch (error) {
    await close();
    throw error;
  }
}
