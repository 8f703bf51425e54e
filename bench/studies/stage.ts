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
import type { Target } from '../load/messages.ts';
import { groupId, numbersPerOrganization } from '../seed/sample-ids.ts';
import { insertGroup, insertUsers } from '../seed/seed-rollcall.ts';
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

/** A Rollcall of its own, with as many workers as asked for. */
export interface Stage {
  databaseUrl: string;
  api: RollcallApi;
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
  { redisUrl, workers }: { redisUrl: string | null; workers: number },
): Promise<Stage> {
  stages += 1;
  const database = `bench_stage_${stages}`;
  await postgres.createDatabase(database);
  const databaseUrl = postgres.url(database);
  await migrate(databaseUrl);
  const logDirectory = join(directory, database);
  await mkdir(logDirectory);
  const program = { databaseUrl, redisUrl, logDirectory };
  const api = await startRollcallApi(program);
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
      for (let number = first; number < first + groups; number += 1) {
        await insertGroup(client, { organizationId: id, number, firstUser: first, members: 0 });
      }
      if (mapped) {
        const workspaceId = v7();
        workspaces.set(id, workspaceId);
        await client.query('INSERT INTO workspaces (organization_id, id, name) VALUES ($1, $2, $3)', [
          id,
          workspaceId,
          'Everything',
        ]);
        const groupIds = Array.from({ length: groups }, (_, offset) => groupId(first + offset));
        await client.query('INSERT INTO group_mappings (organization_id, group_id) SELECT $1, unnest($2::uuid[])', [
          id,
          groupIds,
        ]);
        await client.query(
          `INSERT INTO group_mapping_workspaces (organization_id, group_id, workspace_id)
          SELECT $1, unnest($2::uuid[]), $3`,
          [id, groupIds, workspaceId],
        );
      }
      const basePath = `/api/v1/scim/${id}/v2`;
      return { id, first, target: { kind: 'http', host: '127.0.0.1', port: api.port, basePath, token } };
    },
    workspaceOf: (organizationId) => {
      const workspaceId = workspaces.get(organizationId);
      if (workspaceId === undefined) throw new Error('this organization has no mapped groups');
      return workspaceId;
    },
    untilQuiet: () => store.untilQuiet(),
    stop: async () => {
      await Promise.all([client.end(), store.close()]);
      await Promise.all([api.stop(), ...started.map((worker) => worker.stop())]);
      await postgres.dropDatabase(database);
    },
  };
}
