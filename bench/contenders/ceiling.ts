import { join } from 'node:path';
import { v7 } from 'uuid';
import { freePort } from '../../test/support/free-port.ts';
import { seedCeiling } from '../seed/seed-ceiling.ts';
import type { SeededOrganization } from '../seed/seed-rollcall.ts';
import { scimTarget } from '../load/messages.ts';
import { startNodeProgram } from '../servers/node-program.ts';
import type { PostgresServer } from '../servers/postgres-server.ts';
import { ceilingStore } from '../stores/ceiling-store.ts';
import type { OrganizationName, Sizes } from '../workloads/workload.ts';
import type { Contender } from './contender.ts';

const template = 'bench_ceiling_template';
const token = 'token-of-the-ceiling';

export type SeededCeiling = Record<OrganizationName, SeededOrganization>;

export async function prepareCeiling(postgres: PostgresServer, sizes: Sizes): Promise<SeededCeiling> {
  await postgres.createDatabase(template);
  const seeded: SeededCeiling = {
    small: { id: v7(), suffix: 'small' },
    medium: { id: v7(), suffix: 'medium' },
    large: { id: v7(), suffix: 'large' },
  };
  await seedCeiling(postgres.url(template), seeded, sizes);
  await postgres.settle(template);
  return seeded;
}

/** Express and pg with the same writes and no guarantee; see `bench/ceiling/server.ts`. */
export async function startCeilingProgram(databaseUrl: string, directory: string) {
  const port = await freePort();
  const program = await startNodeProgram({
    words: ['--import', 'tsx', join(import.meta.dirname, '../ceiling/server.ts'), databaseUrl, `${port}`, token],
    environment: {},
    logFile: join(directory, 'ceiling.log'),
    ready: /the ceiling is ready/,
  });
  const target = (organizationId: string) => scimTarget([port], [{ id: organizationId, token }]);
  return { ...program, target };
}

export async function startCeiling(
  postgres: PostgresServer,
  seeded: SeededCeiling,
  directory: string,
): Promise<Contender> {
  const database = 'bench_ceiling';
  await postgres.createDatabase(database, template);
  const program = await startCeilingProgram(postgres.url(database), directory);
  const store = ceilingStore(postgres.url(database));
  return {
    name: 'ceiling',
    databaseUrl: postgres.url(database),
    servicePid: program.pid,
    workerPid: null,
    store,
    organization: (organization) => seeded[organization],
    target: (organization) => program.target(seeded[organization].id),
    stop: async () => {
      await store.close();
      await program.stop();
    },
  };
}

/** The ceiling's statements, sent by the load process itself: what the database and pg alone allow. */
export async function startLimit(postgres: PostgresServer, seeded: SeededCeiling): Promise<Contender> {
  const database = 'bench_limit';
  await postgres.createDatabase(database, template);
  const databaseUrl = postgres.url(database);
  const store = ceilingStore(databaseUrl);
  return {
    name: 'limit',
    databaseUrl,
    servicePid: null,
    workerPid: null,
    store,
    organization: (organization) => seeded[organization],
    target: () => ({ kind: 'sql', databaseUrl }),
    stop: () => store.close(),
  };
}
