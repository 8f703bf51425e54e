import pg from 'pg';

/** How many rows the tables of the first schema get; `rows` is the largest. */
export function sizes(rows: number) {
  return { organizations: 200, users: rows / 5, members: rows, grants: rows / 2, logs: rows, jobs: rows / 10 };
}

/**
 * Fills the tables of the first schema, set by set. Foreign keys are not checked meanwhile: the rows fit by construction,
 * and checks of millions would take minutes.
 */
export async function fillTables(url: string, rows: number): Promise<void> {
  const { organizations, users, members, grants, logs, jobs } = sizes(rows);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`
      SET session_replication_role = replica;
      SET synchronous_commit = off;
      CREATE FUNCTION pg_temp.numbered(kind integer, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
        SELECT ('01900000-0000-7000-8' || lpad(kind::text, 3, '0') || '-' || lpad(to_hex(n), 12, '0'))::uuid $$;
      INSERT INTO organizations (id, name, plan, provisioning_mode)
      SELECT pg_temp.numbered(1, n), 'Organization ' || n, 'business', 'scim' FROM generate_series(0, ${organizations - 1}) AS n;
      INSERT INTO users (organization_id, id, managed_by, user_name, email)
      SELECT pg_temp.numbered(1, n % ${organizations}), pg_temp.numbered(2, n), 'directory', 'user' || n || '@acme.example',
        'user' || n || '@acme.example' FROM generate_series(0, ${users - 1}) AS n;
      INSERT INTO groups (organization_id, id, display_name)
      SELECT pg_temp.numbered(1, n % ${organizations}), pg_temp.numbered(3, n), 'Group ' || n
      FROM generate_series(0, ${organizations * 10 - 1}) AS n;
      INSERT INTO workspaces (organization_id, id, name)
      SELECT pg_temp.numbered(1, n % ${organizations}), pg_temp.numbered(4, n), 'Workspace ' || n
      FROM generate_series(0, ${organizations * 10 - 1}) AS n;
      INSERT INTO group_members (organization_id, group_id, user_id)
      SELECT pg_temp.numbered(1, u % ${organizations}),
        pg_temp.numbered(3, u % ${organizations} + ${organizations} * (n / ${users})), pg_temp.numbered(2, u)
      FROM (SELECT n, n % ${users} AS u FROM generate_series(0, ${members - 1}) AS n) AS pair;
      INSERT INTO workspace_members (organization_id, workspace_id, user_id, origin)
      SELECT pg_temp.numbered(1, u % ${organizations}),
        pg_temp.numbered(4, u % ${organizations} + ${organizations} * (n / ${users})), pg_temp.numbered(2, u), 'directory'
      FROM (SELECT n, n % ${users} AS u FROM generate_series(0, ${grants - 1}) AS n) AS pair;
      INSERT INTO sync_jobs (id, organization_id, queue, payload)
      SELECT pg_temp.numbered(5, n), pg_temp.numbered(1, n % ${organizations}), 'group-membership', '{"userIds": []}'
      FROM generate_series(0, ${jobs - 1}) AS n;
      INSERT INTO sync_logs (id, organization_id, occurred_at, action, status, resource_type, resource_id, resource_name,
        actor_type, message, details, request_id)
      SELECT overlay(pg_temp.numbered(6, n)::text PLACING left(lpad(to_hex(at), 12, '0'), 8) || '-' || right(to_hex(at), 4)
          FROM 1 FOR 13)::uuid,
        pg_temp.numbered(1, n % ${organizations}), to_timestamp(at / 1000.0), 'UPDATE',
        CASE WHEN n % 50 = 0 THEN 'FAILED' ELSE 'SUCCESS' END, 'User', pg_temp.numbered(2, n % ${users}), 'user' || n,
        'scim_token', 'The user was updated.', '{"attributes": ["displayName"]}', 'request-' || n
      FROM (
        SELECT n, (extract(epoch FROM now()) * 1000 - 90 * 86400000.0 * n / ${logs})::bigint AS at
        FROM generate_series(0, ${logs - 1}) AS n) AS moment;
      ANALYZE`);
  } finally {
    await client.end();
  }
}

export interface Traffic {
  /** The longest that any statement has taken since the last call, and which it was. */
  longest(): { ms: number; statement: string };
  /** Ends it. @returns how many statements ran, and entries that were written */
  stop(): Promise<{ statements: number; entries: number }>;
}

/** What a service of the version before does, in the words of the first schema, from one session for each kind. */
export function startTraffic(url: string): Traffic {
  const organization = `('01900000-0000-7000-8001-' || lpad(to_hex($1::integer % 200), 12, '0'))::uuid`;
  const user = `('01900000-0000-7000-8002-' || lpad(to_hex($1::integer % 200), 12, '0'))::uuid`;
  const kinds: Record<string, string> = {
    'write an entry': `INSERT INTO sync_logs (organization_id, action, status, resource_type, actor_type, message)
      VALUES (${organization}, 'UPDATE', 'SUCCESS', 'User', 'system', 'Traffic.')`,
    'read the newest entries': `SELECT * FROM sync_logs WHERE organization_id = ${organization} ORDER BY id DESC LIMIT 51`,
    'change a user': `UPDATE users SET version = version + 1 WHERE organization_id = ${organization} AND id = ${user}`,
    'add a user': `INSERT INTO users (organization_id, id, managed_by, user_name)
      VALUES (${organization}, new_id(), 'directory', new_id() || '@acme.example')`,
    'add a job': `INSERT INTO sync_jobs (id, organization_id, queue, payload)
      VALUES (new_id(), ${organization}, 'group-membership', '{"userIds": []}')`,
    'change an organization': `UPDATE organizations SET updated_at = now() WHERE id = ${organization}`,
  };
  const stopped = new AbortController();
  let longest = { ms: 0, statement: 'none' };
  const counts = { statements: 0, entries: 0 };
  const sessions = Object.entries(kinds).map(async ([statement, text], kind) => {
    const client = new pg.Client({ connectionString: url, options: '-c lock_timeout=5s -c enable_seqscan=off' });
    await client.connect();
    try {
      for (let n = kind; !stopped.signal.aborted; n += 7) {
        const startedAt = performance.now();
        await client.query(text, [n]);
        const ms = performance.now() - startedAt;
        if (ms > longest.ms) longest = { ms, statement };
        counts.statements += 1;
        if (statement === 'write an entry') counts.entries += 1;
      }
    } finally {
      await client.end();
    }
  });
  return {
    longest() {
      const since = longest;
      longest = { ms: 0, statement: 'none' };
      return since;
    },
    async stop() {
      stopped.abort();
      await Promise.all(sessions);
      return counts;
    },
  };
}
