import sql from 'sql-template-tag';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { followReplay } from '../../src/cli/follow-replay.ts';
import { expectNoDrift } from '../support/access-oracle.ts';
import { engines, isMissing, startService, type TestOrganization, type TestService } from '../support/service.ts';
import { runCli } from './run-cli.ts';

describe.each(engines)('on %s', (engine) => {
  describe.skipIf(isMissing(engine))('', () => {
    let service: TestService;
    let acme: TestOrganization;
    let env: Record<string, string>;
    let users: string[];
    beforeAll(async () => {
      service = await startService({ engine });
      env = { PUBLIC_URL: service.url, ROLLCALL_ADMIN_KEY: service.adminKey };
    });
    afterAll(() => service.close());
    beforeEach(async () => {
      await service.db.query(sql`DELETE FROM organizations`);
      acme = await service.organization({ name: 'Acme' });
      users = [];
      for (let i = 0; i < 4; i += 1)
        users.push(await acme.user(`u${i}@${acme.id}.example`, { displayName: `User ${i}` }));
      const group = await acme.group('Engineering', users);
      await acme.mapping(group, { workspaceIds: [await acme.workspace('Backend')], role: 'developer' });
      await service.quiet();
    });
    afterEach(() => service.quiet());

    /** Jobs that fail at once, one for each user; `mend` makes them work. */
    async function failedJobs(): Promise<{ mend: () => Promise<unknown> }> {
      const { db } = service;
      await db.query(sql`
      INSERT INTO sync_jobs (id, organization_id, queue, payload)
      SELECT new_id(), ${acme.id}, 'group-membership', jsonb_build_object('userIds', '[]'::jsonb, 'people', jsonb_build_array(u))
      FROM unnest(${users}::uuid[]) AS u`);
      await db.query(sql`DELETE FROM workspace_members`);
      await service.quiet();
      return {
        mend: () => db.query(sql`UPDATE sync_jobs SET payload = jsonb_build_object('userIds', payload -> 'people')`),
      };
    }

    const run = (...words: string[]) => runCli(words, env);
    async function json(...words: string[]): Promise<Record<string, unknown>> {
      return JSON.parse((await run(...words, '--json')).stdout) as Record<string, unknown>;
    }

    test('a failed job says whose turn it is and what to do, everywhere', async () => {
      await failedJobs();
      const [job] = (await json('jobs', 'list', '--class', 'admin'))['items'] as Record<string, unknown>[];
      expect(job).toMatchObject({
        status: 'failed',
        failure: {
          code: 'unknown-payload',
          class: 'admin',
          advice: expect.stringContaining('Update the workers') as string,
        },
      });
      expect((await json('jobs', 'list', '--class', 'retry'))['items']).toEqual([]);
      expect((await run('jobs', 'list')).stdout).toMatch(/│ admin +│ .*Update the workers/);
      const shown = await run('jobs', 'show', String(job?.['id']), '--organization', 'Acme');
      expect(shown.stdout).toMatch(/whose turn +An admin must act\nwhat to do +Update the workers/);
      const { body } = await service.admin<{ items: Record<string, unknown>[] }>(
        'GET',
        `/organizations/${acme.id}/sync-logs?status=FAILED&jobId=${String(job?.['id'])}`,
      );
      expect(body.items).toMatchObject([
        {
          message: expect.stringMatching(
            /An admin must act\. Update the workers .* access is as it was before\.$/,
          ) as string,
          details: { failure: { class: 'admin' } },
        },
      ]);
    });

    test('replay counts in a dry run, fails again while nothing was mended, then applies, and is safe to repeat', async () => {
      const { mend } = await failedJobs();
      const replay = ['jobs', 'replay', '--organization', 'Acme', '--class', 'admin'];
      expect(await run(...replay, '--dry-run')).toMatchObject({
        stdout: '4 failed jobs would be replayed.\n',
        exitCode: 0,
      });
      expect(await run(...replay)).toMatchObject({
        exitCode: 1,
        stdout: '4 jobs replayed: 0 done, 4 failed again.\n',
        stderr: 'replay: 4 of 4 done, 4 failed again\n',
      });

      await mend();
      const [first, second] = await Promise.all([
        service.admin('POST', '/jobs/replay', { failureClass: 'admin' }),
        service.admin('POST', '/jobs/replay', { failureClass: 'admin' }),
      ]);
      expect([first.body['replayed'], second.body['replayed']].sort()).toEqual([0, 4]);
      await service.quiet();
      await expectNoDrift(service.db);
      expect(await json(...replay)).toEqual({ matched: 0, replayed: 0, dryRun: false, replayId: null });
      const { body } = await service.admin<{ items: { actor: unknown; status: string }[] }>(
        'GET',
        `/organizations/${acme.id}/sync-logs?action=REPLAY_JOBS`,
      );
      expect(body.items.map(({ actor, status }) => [actor, status])).toEqual([
        [{ type: 'admin', id: 'platform', name: 'Platform admin' }, 'SKIPPED'],
        [{ type: 'admin', id: 'platform', name: 'Platform admin' }, 'SUCCESS'],
        [{ type: 'admin', id: 'platform', name: 'Platform admin' }, 'SUCCESS'],
      ]);
    });

    test('replay shows how it goes until all are applied, or returns at once when told so', async () => {
      const { mend } = await failedJobs();
      await mend();
      const [job] = (await json('jobs', 'list', '--status', 'failed'))['items'] as { id: string }[];
      expect(await json('jobs', 'replay', job?.id ?? '')).toMatchObject({ replayed: 1, applied: 1, failed: 0 });
      const { stdout } = await run('jobs', 'replay', '--no-wait');
      expect(stdout).toBe('3 of 3 failed jobs were put back to work.\n');
      await service.quiet();
      await expectNoDrift(service.db);
    });

    test('drift names who differs and exits with 1; after a resync nobody does', async () => {
      expect(await run('drift', '--organization', 'Acme')).toMatchObject({ exitCode: 0 });
      await service.db.query(sql`DELETE FROM workspace_members WHERE user_id = ${users[0]}`);
      await service.db.query(sql`UPDATE users SET role = 'admin' WHERE id = ${users[1]}`);

      const drifting = await run('drift');
      expect(drifting.exitCode).toBe(1);
      expect(drifting.stdout).toMatch(/│ Acme +│ 4 +│ 2 +│ 1 +│ 0 +│ 1 +│/);
      expect(drifting.stdout).toMatch(/u0@\S+ +│ Backend/);
      expect(drifting.stdout).toContain('admin, should be developer');
      const { items } = await json('drift', '--organization', acme.id);
      expect(items).toMatchObject([{ name: 'Acme', totals: { checked: 4, drifting: 2 }, items: [{}, {}] }]);
      const page = await service.admin('GET', `/organizations/${acme.id}/drift?limit=1`);
      expect(page.body).toMatchObject({ totals: { drifting: 2 }, items: [{ userId: users[0] }] });
      expect(page.body['nextCursor']).toBe(users[0]);

      await run('resync', '--organization', 'Acme');
      await service.quiet();
      expect((await json('drift'))['items']).toMatchObject([{ totals: { drifting: 0 } }]);
    });
  });
});

describe('following a replay', () => {
  const lines: string[] = [];
  const stream = { isTTY: false, write: (line: string) => lines.push(line) } as unknown as NodeJS.WriteStream;

  test('ends when every job is applied or has failed again', async () => {
    const looks = [
      { id: 'x', unfinished: 3, failed: 0 },
      { id: 'x', unfinished: 1, failed: 1 },
      { id: 'x', unfinished: 0, failed: 1 },
    ];
    let look = 0;
    const read = () => Promise.resolve(looks[look++] ?? { id: 'x', unfinished: 0, failed: 1 });
    expect(await followReplay({ total: 3, read, stream, lookEveryMs: 1 })).toEqual({ applied: 2, failed: 1 });
    expect(lines).toEqual(['replay: 3 of 3 done, 1 failed again\n']);
  });

  test('gives up when nothing moves', async () => {
    const read = () => Promise.resolve({ id: 'x', unfinished: 3, failed: 0 });
    await expect(followReplay({ total: 3, read, stream, lookEveryMs: 1, stalledAfterMs: 20 })).rejects.toThrow(
      /is a worker running/,
    );
  });
});
