import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { migrate } from '../../src/platform/migrate.ts';
import { scimTarget } from '../load/messages.ts';
import { seedRollcall, type SeededOrganization } from '../seed/seed-rollcall.ts';
import type { PostgresServer } from '../servers/postgres-server.ts';
import { rollcallStore } from '../stores/rollcall-store.ts';
import { organizations, type OrganizationName, type Sizes } from '../workloads/workload.ts';
import type { Contender } from './contender.ts';
import { createOrganization, startRollcallApi, startRollcallWorker } from './rollcall-program.ts';

const template = 'bench_rollcall_template';

export type SeededRollcall = Record<OrganizationName, SeededOrganization & { token: string }>;

/** Makes a database with organizations and everything in them, to be copied for each Rollcall of the run. */
export async function prepareRollcall(
  postgres: PostgresServer,
  directory: string,
  sizes: Sizes,
): Promise<SeededRollcall> {
  await postgres.createDatabase(template);
  const databaseUrl = postgres.url(template);
  await migrate(databaseUrl);
  const api = await startRollcallApi({ databaseUrl, redisUrl: null, logDirectory: directory });
  const seeded: Partial<SeededRollcall> = {};
  try {
    for (const name of Object.keys(organizations) as OrganizationName[]) {
      seeded[name] = { ...(await createOrganization(api, name)), suffix: name };
    }
  } finally {
    await api.stop();
  }
  await seedRollcall(databaseUrl, seeded as SeededRollcall, sizes);
  await postgres.settle(template);
  return seeded as SeededRollcall;
}

/**
 * Rollcall as it is deployed: an api process, and a worker process that turns what it is sent into access meanwhile.
 *
 * @param worked false: the api process alone, whose jobs nobody works: the cost of the ingress by itself
 */
export async function startRollcall(options: {
  postgres: PostgresServer;
  seeded: SeededRollcall;
  directory: string;
  redisUrl: string | null;
  worked: boolean;
  nodeFlags: string[];
  /** Another checkout; left out: this one. */
  checkout?: string | undefined;
}): Promise<Contender> {
  const { postgres, seeded, redisUrl, worked, nodeFlags, checkout } = options;
  const name = `${checkout === undefined ? 'rollcall' : 'before'}${worked ? '' : ', api alone'}`;
  const database = `bench_${checkout === undefined ? 'rollcall' : 'before'}${worked ? '' : '_api'}`;
  await postgres.createDatabase(database, template);
  const logDirectory = join(options.directory, database);
  await mkdir(logDirectory);
  const program = { databaseUrl: postgres.url(database), redisUrl, logDirectory, checkout };
  const api = await startRollcallApi({ ...program, nodeFlags });
  const worker = worked ? await startRollcallWorker(program) : null;
  const store = rollcallStore(program.databaseUrl, worked);
  return {
    name,
    servicePid: api.pid,
    workerPid: worker?.pid ?? null,
    databaseUrl: program.databaseUrl,
    store,
    organization: (organization) => seeded[organization],
    target: (organization) => scimTarget([api.port], [seeded[organization]]),
    stop: async () => {
      await store.close();
      await Promise.all([api.stop(), worker?.stop()]);
    },
  };
}
