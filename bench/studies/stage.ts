import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { v7 } from 'uuid';
import { migrate } from '../../src/platform/migrate.ts';
import {
  createOrganization,
  startRollcallApi,
  startRollcallWorker,
  type RollcallApi,
} from '../contenders/rollcall-program.ts';
import { scimTarget, type Target } from '../load/messages.ts';
import { numbersPerOrganization } from '../seed/sample-ids.ts';
import { insertGroup, insertMappedGroups, insertUsers } from '../seed/seed-rollcall.ts';
import type { NodeProgram } from '../servers/node-program.ts';
import type { PostgresServer } from '../servers/postgres-server.ts';
import { rollcallStore } from '../stores/rollcall-store.ts';

/** What every study needs of its surroundings. */
export interface Surroundings {
  postgres: PostgresServer;
  directory: string;
}

export interface StagedOrganization {
  id: string;
  target: Target;
  /** Number of its first user, and of its first group. */
  first: number;
}

export interface StageOptions {
  redisUrl: string | null;
  /** Sets of queues in Redis; left out: one. */
  queueShards?: number;
  workers: number;
  /** Left out: one. */
  apis?: number;
  /** A database to copy; left out: an empty one. */
  template?: string;
}

/** A Rollcall of its own, with as many processes as asked for. */
export interface Stage {
  databaseUrl: string;
  /** The first of them. */
  api: RollcallApi;
  apis: RollcallApi[];
  workers: NodeProgram[];
  client: pg.Client;
  addWorker(): Promise<NodeProgram>;
  /** An organization with users and empty groups, all mapped to its one workspace where it has one. */
  organization(content: { users: number; groups?: number; mapped?: boolean }): Promise<StagedOrganization>;
  /** The workspace that its groups are mapped to. */
  workspaceOf(organizationId: string): string;
  untilQuiet(): Promise<void>;
  stop(): Promise<void>;
}

/** Stages of the run, for names of databases. */
let stages = 0;

export async function setStage(
  { postgres, directory }: Surroundings,
  { redisUrl, queueShards = 1, workers, apis = 1, template }: StageOptions,
): Promise<Stage> {
  stages += 1;
  const database = `bench_stage_${stages}`;
  await postgres.createDatabase(database, template);
  const databaseUrl = postgres.url(database);
  if (template === undefined) await migrate(databaseUrl);
  const logDirectory = join(directory, database);
  await mkdir(logDirectory);
  const program = { databaseUrl, redisUrl, queueShards, logDirectory };
  const api = await startRollcallApi(program);
  const startedApis = [api];
  while (startedApis.length < apis) startedApis.push(await startRollcallApi(program));
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const store = rollcallStore(databaseUrl, true);
  const started: NodeProgram[] = [];
  const workspaces = new Map<string, string>();
  let organizations = 0;

  const addWorker = async (): Promise<NodeProgram> => {
    const worker = await startRollcallWorker(program);
    started.push(worker);
    return worker;
  };
  for (let count = 0; count < workers; count += 1) await addWorker();

  return {
    databaseUrl,
    api,
    apis: startedApis,
    workers: started,
    client,
    addWorker,
    organization: async ({ users, groups = 0, mapped = false }) => {
      organizations += 1;
      const first = organizations * numbersPerOrganization;
      const { id, token } = await createOrganization(api, `Organization ${organizations}`);
      // Selecting SCIM asks for a resync; it is not to run beside what is measured.
      if (started.length > 0) await store.untilQuiet();
      await insertUsers(client, { organizationId: id, suffix: `o${organizations}`, first, count: users });
      if (mapped) {
        const workspaceId = v7();
        workspaces.set(id, workspaceId);
        await insertMappedGroups(client, { organizationId: id, workspaceId, first, count: groups });
      } else {
        for (let number = first; number < first + groups; number += 1) {
          await insertGroup(client, { organizationId: id, number, firstUser: first, members: 0 });
        }
      }
      return { id, first, target: scimTarget([api.port], [{ id, token }]) };
    },
    workspaceOf: (organizationId) => {
      const workspaceId = workspaces.get(organizationId);
      if (workspaceId === undefined) throw new Error('this organization has no mapped groups');
      return workspaceId;
    },
    untilQuiet: () => store.untilQuiet(),
    stop: async () => {
      await Promise.all([client.end(), store.close()]);
      await Promise.all([...startedApis, ...started].map((program) => program.stop()));
      await postgres.dropDatabase(database);
    },
  };
}
