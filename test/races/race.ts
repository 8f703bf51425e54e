import sql, { type Sql } from 'sql-template-tag';
import { holdLock, type HeldLock } from './held-lock.ts';
import type { Stage } from './stage.ts';
import type { Tenant } from './tenant.ts';

/** One race in one order of events. */
export interface Race {
  /** Of the catalogue of races: R1 to R14. */
  id: string;
  /** Who meets whom, in which order, and what comes of it. */
  title: string;
  /** Forces the race once, among people of its own, and checks its own outcome; what holds for every race is checked after. */
  run: (scene: Scene) => Promise<void>;
}

/** What a race is played with. */
export interface Scene {
  readonly stage: Stage;
  readonly tenant: Tenant;
  /** Takes the lock of a row of the tenant and keeps it. */
  readonly holdRow: (table: LockableTable, id: string, strength: 'NO KEY UPDATE' | 'UPDATE') => Promise<HeldLock>;
}

export type LockableTable = 'users' | 'groups' | 'workspaces' | 'sync_jobs';

const tables: Record<LockableTable, Sql> = {
  users: sql`users`,
  groups: sql`groups`,
  workspaces: sql`workspaces`,
  sync_jobs: sql`sync_jobs`,
};

const strengths = { 'NO KEY UPDATE': sql`NO KEY UPDATE`, UPDATE: sql`UPDATE` };

export function createScene(stage: Stage, tenant: Tenant): Scene {
  return {
    stage,
    tenant,
    holdRow: (table, id, strength) =>
      holdLock(
        stage.sessions,
        sql`SELECT FROM ${tables[table]} WHERE organization_id = ${tenant.id} AND id = ${id} FOR ${strengths[strength]}`,
      ),
  };
}
