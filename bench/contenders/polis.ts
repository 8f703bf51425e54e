import { join } from 'node:path';
import { freePort } from '../../test/support/free-port.ts';
import { scimTarget } from '../load/messages.ts';
import { installPolis } from '../polis/install.ts';
import type { PolisDirectory } from '../polis/library.ts';
import { seedPolis } from '../seed/seed-polis.ts';
import type { SeededOrganization } from '../seed/seed-rollcall.ts';
import { startNodeProgram, type NodeProgram } from '../servers/node-program.ts';
import type { PostgresServer } from '../servers/postgres-server.ts';
import { polisStore } from '../stores/polis-store.ts';
import { organizations, type OrganizationName, type Sizes } from '../workloads/workload.ts';
import type { Contender } from './contender.ts';

const database = 'bench_polis';

/** What it does not do at all, so that there is nothing to compare. */
const leftOut = {
  'get-group-with-members': 'it shows every group without its members',
  'put-group': 'PUT of a group changes its name only, the members that are sent are not read',
};

/**
 * Ory Polis as a library, see `bench/polis/server.ts`: the only other contender that is a product. What follows from a
 * change is left to its host, and so it is compared with `rollcall, api alone` rather than with a worker.
 *
 * @throws where it cannot be installed or does not start
 */
export async function startPolis(postgres: PostgresServer, directory: string, sizes: Sizes): Promise<Contender> {
  const library = await installPolis();
  await postgres.createDatabase(database);
  const names = Object.keys(organizations) as OrganizationName[];
  const port = await freePort();
  const databaseUrl = postgres.url(database);
  const program = await startNodeProgram({
    // As many connections as the others have.
    words: [...serverWords, library, `${databaseUrl}?pool_max_conns=20`, `${port}`, ...names],
    environment: {},
    logFile: join(directory, 'polis.log'),
    ready: /polis is ready/,
  });
  try {
    return await contenderOf(program, port, postgres, sizes);
  } catch (error) {
    await program.stop();
    throw error;
  }
}

const serverWords = ['--import', 'tsx', join(import.meta.dirname, '../polis/server.ts')];

async function contenderOf(
  program: NodeProgram,
  port: number,
  postgres: PostgresServer,
  sizes: Sizes,
): Promise<Contender> {
  const ask = async <T>(path: string): Promise<T> => {
    const answer = await fetch(`http://127.0.0.1:${port}/directories${path}`);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  const directories = await ask<PolisDirectory[]>('');
  const directoryOf = (name: OrganizationName): PolisDirectory => {
    const found = directories.find(({ tenant }) => tenant === name);
    if (found === undefined) throw new Error(`Polis has no directory of ${name}`);
    return found;
  };
  const organization = (name: OrganizationName): SeededOrganization => ({ id: directoryOf(name).id, suffix: name });
  const databaseUrl = postgres.url(database);
  await seedPolis(
    databaseUrl,
    { small: organization('small'), medium: organization('medium'), large: organization('large') },
    sizes,
  );
  await postgres.settle(database);
  const store = polisStore(
    databaseUrl,
    (id) => directories.find((each) => each.id === id)?.tenant ?? '',
    (id) => ask<number>(`/${id}/concerned`),
  );
  return {
    name: 'polis',
    databaseUrl,
    servicePid: program.pid,
    workerPid: null,
    store,
    leftOut,
    organization,
    target: (name) => ({
      ...scimTarget([port], [{ id: directoryOf(name).id, token: directoryOf(name).scim.secret }]),
      dialect: 'polis',
    }),
    stop: async () => {
      await store.close();
      await program.stop();
    },
  };
}
