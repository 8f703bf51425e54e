import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

export interface HeldConnections {
  readonly count: number;
  release(): Promise<void>;
}

/** How often to look whether a connection can be had. */
const retryMs = 20;

/** A session is not listed while its slot is about to be freed, or has only just been taken; one look may miss it. */
const looksWithoutOthers = 3;

/** Taken at the same time: whoever is evicted wants back in, and is not slow either. */
const atOnce = 16;

/**
 * Takes every connection that a Postgres has to give, and whichever becomes free later, with sessions that do nothing.
 * Resolves once there is none left.
 *
 * @param url of a superuser, who gets the reserved ones too
 * @param evict ends the sessions of others, so that theirs can be taken as well
 */
export async function holdConnections(url: string, { evict = false } = {}): Promise<HeldConnections> {
  const held = new Set<pg.Client>();
  let stopped = false;

  /** @returns false when there is none left */
  async function takeOne(): Promise<boolean> {
    const client = new pg.Client({ connectionString: url, application_name: 'holder', connectionTimeoutMillis: 5_000 });
    client.on('error', () => held.delete(client));
    try {
      await client.connect();
    } catch (error) {
      if (error instanceof pg.DatabaseError && error.code === '53300') return false;
      throw error;
    }
    held.add(client);
    return true;
  }

  /** Takes all that there are. */
  async function takeAll(): Promise<void> {
    while (!(await Promise.all(Array.from({ length: atOnce }, takeOne))).includes(false));
  }

  async function evictOthers(): Promise<void> {
    const [first] = held;
    await first?.query(`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE backend_type = 'client backend' AND application_name <> 'holder'`);
  }

  async function holdOn(): Promise<void> {
    while (!stopped) {
      if (!(await takeOne().catch(() => false))) await sleep(retryMs);
    }
  }

  await takeAll();
  if (evict) {
    // Whoever is quicker gets the freed ones; it ends when nobody else has one.
    for (let looks = 0; looks < looksWithoutOthers;) {
      await evictOthers();
      await takeAll();
      const [first] = held;
      const result = await first?.query<{ others: number }>(`
        SELECT count(*)::int AS others FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND application_name <> 'holder'`);
      looks = result?.rows[0]?.others === 0 ? looks + 1 : 0;
    }
  }
  const holding = holdOn();
  return {
    get count() {
      return held.size;
    },
    async release() {
      stopped = true;
      await holding;
      await Promise.all([...held].map((client) => client.end().catch(() => undefined)));
    },
  };
}
