import { setTimeout as sleep } from 'node:timers/promises';
import sql from 'sql-template-tag';
import { newId } from '../../../src/platform/ids.ts';
import { unpackEarlierVersion } from '../harness/earlier-version.ts';
import type { Scenario } from '../scenario.ts';

/** How long both versions run together, for each time. */
const togetherMs = 60_000;

/**
 * F14: half of the processes are of the version before the newest migration, on the schema after it; now and then one of
 * either is killed and started again. It needs the history of the repository, and so belongs to the full run alone.
 */
export const twoVersions: Scenario = {
  id: 'F14',
  name: 'runs this version and the one before the newest migration side by side, with kills',
  times: { small: 0, full: 10 },
  needs: ['git'],
  async inject({ cluster, traffic, random, times, count }) {
    const earlier = await unpackEarlierVersion();
    try {
      const old = [cluster.apis[0], cluster.workers[0]].filter((member) => member !== undefined);
      const startAs = async (member: (typeof old)[number]): Promise<void> =>
        member.start(old.includes(member) ? { program: earlier.program } : {});
      for (const member of old) {
        await member.kill();
        await startAs(member);
      }
      const deadline = Date.now() + times * togetherMs;
      while (Date.now() < deadline) {
        await traffic.progress(20 + random.integer(100));
        const member = random.pick(cluster.members);
        await member.kill();
        await sleep(random.integer(300));
        await startAs(member);
        count('killed');
      }
      for (const member of old) await member.kill(); // the deploy is finished: what starts now is new
    } finally {
      await earlier.remove();
    }
  },
};

/** How long a job that nobody understands is looked for to be left alone. */
const leftAloneWithinMs = 15_000;

/**
 * F14: while a new version is rolled out, its jobs meet workers that do not know them yet. The job must be kept, with a
 * reason, and neither failed nor logged, until a worker that understands it gets it again, nobody helping. The newer
 * version is played by giving the job a payload that this one knows, and a minute later by its being looked after again,
 * as jobs that wait are once a minute.
 */
export const unknownJobKind: Scenario = {
  id: 'F14',
  name: 'keeps a job of a kind that this version does not know until one comes that does',
  times: { small: 1, full: 10 },
  async inject({ cluster: { db }, traffic, violation }) {
    // Not the one that leaves SCIM: without SCIM no job is looked into.
    const organization = traffic.organizations.find(({ changesMode }) => !changesMode);
    if (organization === undefined) throw new Error('every organization changes its mode');
    await traffic.progress(10);
    const id = newId();
    await db.query(sql`
      INSERT INTO sync_jobs (id, organization_id, queue, payload)
      VALUES (${id}, ${organization.id}, 'workspace-mapping', '{"scope": "department", "department": "R&D"}')`);
    const read = async () =>
      (
        await db.query<{ status: string; error: string | null; entries: number }>(sql`
          SELECT status, error, (SELECT count(*) FROM sync_logs WHERE job_id = ${id}) AS entries
          FROM sync_jobs WHERE id = ${id}`)
      )[0];
    const deadline = Date.now() + leftAloneWithinMs;
    let row = await read();
    while (row !== undefined && row.error === null && Date.now() < deadline) {
      await sleep(50);
      row = await read();
    }
    if (row?.status !== 'dispatched' || row.error === null || row.entries !== 0) {
      violation(`I8: a job of an unknown kind should wait, with a reason and without an entry: ${JSON.stringify(row)}`);
    }
    await db.query(sql`
      UPDATE sync_jobs SET dispatched_at = dispatched_at - interval '1 minute',
        payload = '{"scope": "organization", "reason": "A newer version knows better."}'
      WHERE id = ${id}`);
  },
};
