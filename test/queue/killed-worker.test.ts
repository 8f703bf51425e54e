import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, inject, test } from 'vitest';
import { addMembershipJobs, createOrganization, createUser, entries } from '../access/fixtures.ts';
import { expectNoDrift, untilQuiet } from '../support/access-oracle.ts';
import { createRig, engines } from './harness.ts';

// BullMQ's own limit would have failed the job after the second kill, and waited a minute after each.
test.for(engines)(
  'a job survives two kills of its worker, each noticed within seconds, on $engine',
  { timeout: 60_000 },
  async ({ engine, skip }, context) => {
    if (skip) context.skip();
    const rig = await createRig(engine);
    try {
      const organization = await createOrganization(rig.db);
      await addMembershipJobs(rig.db, organization, [await createUser(rig.db, organization)]);
      rig.startDispatcher();
      for (let kill = 0; kill < 2; kill += 1)
        await takeJobAndDie(rig.db.url, engine === 'redis' ? inject('redisUrl') : null, rig.prefix);
      rig.startWorkers();
      await untilQuiet(rig.db, 15_000);
      await expectNoDrift(rig.db);
      expect(await entries(rig.db, organization)).toMatchObject([{ status: 'SUCCESS', attempt: 1 }]);
    } finally {
      await rig.close();
    }
  },
);

/** A worker process that is killed as soon as it has taken the job. */
async function takeJobAndDie(databaseUrl: string, redisUrl: string | null, prefix: string): Promise<void> {
  const program = fileURLToPath(new URL('./stuck-worker.ts', import.meta.url));
  const worker = spawn(process.execPath, ['--import', 'tsx', program, databaseUrl, redisUrl ?? '-', prefix], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(worker, 'exit');
  await Promise.race([once(worker.stdout, 'data'), exited]);
  worker.kill('SIGKILL');
  await exited;
}
