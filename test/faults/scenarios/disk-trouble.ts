import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import sql from 'sql-template-tag';
import { answeredWithin, answeredWithinMs, otherThan } from '../harness/observe.ts';
import { canMountSmallDisk, fillDisk, mountSmallDisk } from '../injectors/full-disk.ts';
import { canTrace, slowDisk } from '../injectors/slow-disk.ts';
import type { Scenario } from '../scenario.ts';

const isTracingPossible = await canTrace();
const isMountingPossible = await canMountSmallDisk();

/** So much longer every commit takes. */
const fdatasyncMs = 300;

function diskSlow(seconds: number, times: Scenario['times']): Scenario {
  return {
    id: 'F10',
    name: `makes the disk of Postgres slow for ${seconds} s`,
    times,
    smallOn: 'postgres',
    needs: isTracingPossible ? [] : ['strace', 'permission-to-trace'],
    async inject({ cluster: { postgres }, traffic, times: faults, violation, count }) {
      for (let fault = 0; fault < faults; fault += 1) {
        await traffic.progress(30);
        const recover = await slowDisk([postgres.pid() ?? 0, ...(await postgres.children())], fdatasyncMs);
        const damagedAt = Date.now();
        const acknowledgedBefore = traffic.acknowledged();
        await sleep(seconds * 1000);
        const recoveredAt = Date.now();
        const written = traffic.acknowledged() - acknowledgedBefore;
        await recover();

        const meanwhile = answeredWithin(traffic.exchanges, damagedAt, recoveredAt);
        const isRight = ({ status, durationMs }: (typeof meanwhile)[number]): boolean =>
          typeof status === 'number' && status < 500 && durationMs < answeredWithinMs;
        for (const problem of otherThan(meanwhile, isRight)) violation(`F10: on a slow disk ${problem}`);
        // Every lane writes again and again; a pool that is stuck would let none through.
        if (written < seconds) violation(`F10: only ${written} writes in ${seconds} s on a slow disk`);
        count('writesOnSlowDisk', written);
        count('slowestMs', Math.max(0, ...meanwhile.map(({ durationMs }) => durationMs)), 'worst');
      }
    },
  };
}

/** Room for an empty cluster with its schema, and for the log of what is written meanwhile. */
const diskMegabytes = 192;

/** F11: tables cannot grow any more. */
const diskFull: Scenario = {
  id: 'F11',
  name: 'fills the disk of Postgres',
  times: { small: 1, full: 10 },
  smallOn: 'redis',
  disturbsPostgres: true,
  needs: isMountingPossible ? [] : ['mount', 'permission-to-mount'],
  cluster: async () => {
    const disk = await mountSmallDisk(diskMegabytes);
    return { postgresDirectory: disk.path, cleanUp: () => disk.remove() };
  },
  async inject({ cluster: { db, postgres, apis }, traffic, times, violation, count }) {
    for (let fault = 0; fault < times; fault += 1) {
      await traffic.progress(30);
      // Postgres ends when its own log finds no room, whatever a client does; so that has some in advance, as files
      // that it uses again.
      for (let file = 0; file < 4; file += 1) await db.query(sql`SELECT pg_switch_wal()`);
      await db.query(sql`CHECKPOINT`);
      const free = await fillDisk(dirname(postgres.directory));
      const filledAt = Date.now();
      // One that has left SCIM has no token to read with.
      const organization = traffic.organizations.find(({ changesMode }) => !changesMode);
      await sleep(6_000);
      const refusedWrites = answeredWithin(traffic.exchanges, filledAt, Date.now()).filter(
        ({ status }) => status === 503,
      );
      if (refusedWrites.length === 0) violation('F11: the disk is full and no write was refused');
      const read = await fetch(`${apis[0]?.url ?? ''}/api/v1/scim/${organization?.id ?? ''}/v2/Users?count=1`, {
        headers: { authorization: `Bearer ${organization?.token ?? ''}` },
      });
      if (read.status !== 200) violation(`F11: on a full disk a read was answered ${read.status}`);
      await free();
      for (const problem of otherThan(refusedWrites, ({ retryAfter }) => retryAfter !== null)) {
        violation(`F11: on a full disk ${problem}`);
      }
      count('refusedOnFullDisk', refusedWrites.length);
    }
  },
};

/** F10 and F11. */
export const diskTrouble: readonly Scenario[] = [
  diskSlow(4, { small: 1, full: 5 }),
  diskSlow(30, { small: 0, full: 2 }),
  diskFull,
];
