import pg from 'pg';
import { digits, printTable } from '../report.ts';

/** Settings of Postgres that count statements; they cost something, so only for a look and not for figures. */
export const statementSettings = [
  'shared_preload_libraries=pg_stat_statements',
  'pg_stat_statements.track_planning=on',
];

/** Forgets what was counted so far. */
export async function forgetStatements(databaseUrl: string): Promise<void> {
  await once(databaseUrl, 'CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
  await once(databaseUrl, 'SELECT pg_stat_statements_reset()');
}

/** Prints what a database was asked, dearest first: round trips and time in Postgres, planning apart. */
export async function printStatements(databaseUrl: string, title: string): Promise<void> {
  const rows = await once<{ query: string; calls: string; plan: number; exec: number; total: number }>(
    databaseUrl,
    `SELECT regexp_replace(query, '\\s+', ' ', 'g') AS query, calls, total_plan_time / calls AS plan,
      total_exec_time / calls AS exec, total_plan_time + total_exec_time AS total
    FROM pg_stat_statements
    WHERE calls > 0 AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    ORDER BY total DESC LIMIT 14`,
  );
  printTable(
    title,
    ['statement', 'calls', 'plan ms', 'execute ms', 'total ms'],
    rows.map(({ query, calls, plan, exec, total }) => [
      `\`${query.replaceAll('|', '!').slice(0, 90)}\``,
      calls,
      ...[plan, exec, total].map(digits),
    ]),
  );
}

async function once<T extends pg.QueryResultRow>(databaseUrl: string, statement: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query<T>(statement)).rows;
  } finally {
    await client.end();
  }
}
