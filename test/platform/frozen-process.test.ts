/** A process that stands still while it holds locks holds others up for ten seconds at most: its session is the server's. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isTemporary } from '../../src/platform/database-errors.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

/** Postgres ends it after ten seconds; a machine that stalls is late, and without that limit it would never end. */
const heldAtMostMs = 20_000;

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
  await db.query(sql`INSERT INTO organizations (id, name, plan) VALUES (new_id(), 'Acme', 'free')`);
});
afterAll(() => db.close());

const names = () => db.query<{ name: string }>(sql`SELECT name FROM organizations`);

test(
  'a process that is stopped in a transaction loses it within its limit, others go on, and it changes nothing when it wakes',
  { timeout: 60_000 },
  async () => {
    const program = fileURLToPath(new URL('./transaction-holder.ts', import.meta.url));
    const holder = spawn(process.execPath, ['--import', 'tsx', program, db.url], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const gone = once(holder, 'close');
    try {
      let output = '';
      holder.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
      await expect.poll(() => output, { timeout: 20_000 }).toBe('holding\n');
      holder.kill('SIGSTOP');

      const stoppedAt = performance.now();
      let refusals = 0;
      for (;;) {
        try {
          await db.query(sql`UPDATE organizations SET name = 'of the others'`);
          break;
        } catch (error) {
          // Waiting for a lock ends before the holder's time is up, so that whoever waits can be told to come again.
          expect(error).toSatisfy(isTemporary);
          refusals += 1;
        }
      }
      expect(performance.now() - stoppedAt).toBeLessThan(heldAtMostMs);
      expect(refusals).toBeGreaterThan(0);
      // Its locks are gone a moment before it is.
      await expect
        .poll(() =>
          db.query(sql`
            SELECT FROM pg_stat_activity WHERE application_name = 'holder' AND datname = current_database()`),
        )
        .toEqual([]);

      holder.kill('SIGCONT');
      holder.stdin.write('go on\n');
      await expect.poll(() => output, { timeout: 20_000 }).toBe('holding\nrefused\n');
      expect(await names()).toEqual([{ name: 'of the others' }]);
    } finally {
      holder.kill('SIGKILL');
      await gone;
    }
  },
);
