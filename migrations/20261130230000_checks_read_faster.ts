import type { Knex } from 'knex';
import { shortStep } from '../src/platform/short-locks.ts';

export const config = { transaction: false };

/**
 * Postgres reads the text of a CHECK anew for each statement that writes to its table. `IN (...)` is a list of expressions
 * that it also has to work out; an array that is written as one value takes half of the time, 3 µs for each check of each
 * statement.
 */
const checks: readonly { table: string; column: string; values: readonly string[] }[] = [
  { table: 'users', column: 'managed_by', values: ['directory', 'manual', 'jit'] },
  { table: 'users', column: 'role', values: ['viewer', 'developer', 'admin'] },
  { table: 'sync_jobs', column: 'status', values: ['pending', 'dispatched', 'failed'] },
  { table: 'sync_logs', column: 'status', values: ['SUCCESS', 'SKIPPED', 'FAILED'] },
  { table: 'workspace_members', column: 'origin', values: ['directory', 'manual'] },
];

/** The new one is there before the old one goes, and has read every row, while everybody reads and writes. */
export async function up(knex: Knex): Promise<void> {
  for (const { table, column, values } of checks) {
    await replace(knex, table, column, `${column} = ANY ('{${values.join()}}'::text[])`);
  }
}

export async function down(knex: Knex): Promise<void> {
  for (const { table, column, values } of checks) {
    await replace(knex, table, column, `${column} IN (${values.map((value) => `'${value}'`).join()})`);
  }
}

async function replace(knex: Knex, table: string, column: string, holds: string): Promise<void> {
  const name = `${table}_${column}_check`;
  const next = `${name}_next`;
  for (const statements of [
    `ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${next};
    ALTER TABLE ${table} ADD CONSTRAINT ${next} CHECK (${holds}) NOT VALID`,
    `ALTER TABLE ${table} VALIDATE CONSTRAINT ${next}`,
    `ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${name};
    ALTER TABLE ${table} RENAME CONSTRAINT ${next} TO ${name}`,
  ]) {
    await shortStep(knex, [table, ...(await partitionsOf(knex, table))], statements);
  }
}

/** Vacuum is at these, never at the table that they are of. */
async function partitionsOf(knex: Knex, table: string): Promise<string[]> {
  const { rows } = await knex.raw<{ rows: { name: string }[] }>(
    `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = ?::regclass ORDER BY 1`,
    [table],
  );
  return rows.map(({ name }) => name);
}
