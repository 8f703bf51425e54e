import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seriousFindings } from './support/axe.ts';
import { browserTestsLack } from './support/chromium.ts';
import { openConsole, type TestConsole } from './support/console.ts';
import { leaveFailedJobs } from './support/failed-jobs.ts';

describe.skipIf(browserTestsLack)('operations', () => {
  let it: TestConsole;
  beforeAll(async () => {
    it = await openConsole();
  });
  afterAll(async () => {
    await it.close();
  });

  test('failed jobs by class: counted first, then replayed all at once, until none is left', async () => {
    const acme = await it.service.organization();
    const users = await Promise.all(['a', 'b', 'c'].map((name) => acme.user(`${name}@o1.example`)));
    await it.service.quiet();
    await leaveFailedJobs(it.service.db, acme.id, users);
    await leaveFailedJobs(it.service.db, acme.id, users.slice(0, 1), 'unexpected');

    const page = await it.tab('/operations');
    const failed = page.getByRole('region', { name: 'Failed jobs' });
    await failed.getByText('An admin must act: 1 job').waitFor();
    await failed.getByLabel('Only jobs whose error contains').fill('no such words');
    await failed.getByRole('button', { name: 'Replay …', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Replay failed jobs?' });
    await dialog.getByText('there is nothing to do').waitFor();
    expect(await dialog.getByRole('button', { name: 'Replay 0' }).isDisabled()).toBe(true);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await failed.getByLabel('Only jobs whose error contains').fill('');
    await failed.getByRole('button', { name: 'Replay these …: A retry helps' }).click();
    await dialog.getByText('3 failed jobs match.').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    // So far it was counted only.
    const [{ count } = { count: -1 }] = await it.service.db.query<{ count: number }>(
      sql`SELECT count(*)::integer FROM sync_jobs WHERE organization_id = ${acme.id} AND status = 'failed'`,
    );
    expect(count).toBe(4);
    await dialog.getByRole('button', { name: 'Replay 3' }).click();
    await failed.getByText('Done: 3 applied or skipped.').waitFor();
    await failed.getByText('A retry helps: 3 jobs').waitFor({ state: 'detached' });
    await failed.getByText('An admin must act: 1 job').waitFor();
    expect(it.misdeeds()).toEqual([]);
  });

  test('of an organization: who differs, and a resync that mends it', async () => {
    const acme = await it.service.organization({ name: 'Drifting' });
    const ada = await acme.user('ada@o2.example');
    const backend = await acme.workspace('Backend');
    await acme.mapping(await acme.group('Engineering', [ada]), { workspaceIds: [backend], role: 'developer' });
    await it.service.quiet();
    await it.service.db.query(sql`DELETE FROM workspace_members WHERE user_id = ${ada}`);

    const page = await it.tab('/operations?q=drifting');
    await page.getByRole('row').filter({ hasText: 'Drifting' }).click();
    const drawer = page.getByRole('dialog', { name: 'Organization' });
    const drift = drawer.getByRole('region', { name: 'Drift' });
    await drift.getByRole('button', { name: 'Compare' }).click();
    await drift.getByText('1 of 1 people differ.').waitFor();
    await drift.getByText('lacks Backend').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    const resync = drawer.getByRole('region', { name: 'Resync' });
    await resync.getByRole('button', { name: 'Resync everybody' }).click();
    await resync.getByText('Applied').waitFor();
    await drift.getByRole('button', { name: 'Compare again' }).click();
    await drift.getByText('Nobody differs, of 1 people.').waitFor();
    expect(it.misdeeds()).toEqual([]);
  });

  test('the charts are drawn under the policy of the page, and say in words what they show', async () => {
    const acme = await it.service.organization();
    await acme.user('drawn@o3.example');
    await it.service.quiet();
    const page = await it.tab('/operations');
    await page.getByRole('figure', { name: /^Operations an hour by status: \d+ in all/ }).waitFor();
    await page.getByRole('figure', { name: /^From change to applied/ }).waitFor();
    await page.locator('.recharts-bar-rectangle path').first().waitFor();
    await page.getByText('7 days').click();
    await page.waitForURL(/hours=168/);
    expect(it.misdeeds()).toEqual([]);
  });
});
