import { readFile } from 'node:fs/promises';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seriousFindings } from './support/axe.ts';
import { browserTestsLack } from './support/chromium.ts';
import { openConsole, type TestConsole } from './support/console.ts';
import { leaveFailedJobs } from './support/failed-jobs.ts';

describe.skipIf(browserTestsLack)('sync logs', () => {
  let it: TestConsole;
  beforeAll(async () => {
    it = await openConsole();
  });
  afterAll(async () => {
    await it.close();
  });

  test('filters are in the address: a link shows somebody else the same entries', async () => {
    const acme = await it.service.organization();
    await acme.scim('POST', '/Users', { userName: 'no address' });
    await acme.user('fine@l1.example');
    const page = await it.tab(`/organizations/${acme.id}/logs`);
    await page.getByText('User created.').waitFor();
    await page.getByRole('combobox', { name: 'Status' }).click();
    await page.getByRole('option', { name: 'Failed' }).click();
    await page.getByRole('combobox', { name: 'Time' }).click();
    await page.getByRole('option', { name: 'Last 24 hours' }).click();
    await page.getByRole('searchbox').fill('no address');
    await page.waitForURL(/q=no/);
    await page.getByText('User created.').waitFor({ state: 'detached' });
    expect(new URL(page.url()).searchParams.toString()).toBe('status=FAILED&period=24h&q=no+address');

    const colleague = await it.signedIn({ key: await it.keyOf(acme.id, 'viewer'), path: page.url() });
    const rows = colleague.locator('tbody tr');
    await rows.first().waitFor();
    expect(await rows.allInnerTexts()).toEqual([expect.stringContaining('no address')]);
    expect(it.misdeeds()).toEqual([]);
  });

  test('live: an entry appears by itself', async () => {
    const acme = await it.service.organization();
    const page = await it.tab(`/organizations/${acme.id}/logs`);
    await page.getByRole('switch', { name: /^Live/ }).click({ force: true });
    await page.waitForURL(/live=true/);
    await page.locator('tbody').getByText('ADD_DOMAIN').waitFor();
    await acme.user('appears@l2.example');
    await page.getByRole('row').filter({ hasText: 'appears@l2.example' }).first().waitFor();
    await acme.group('Came later');
    await page.getByRole('row').filter({ hasText: 'Came later' }).first().waitFor();
    // Newest first, and none twice although the last seconds are read again each time.
    const seen = await page
      .locator('tbody tr')
      .filter({ hasText: 'appears@l2.example' })
      .filter({ hasText: 'User created' })
      .count();
    expect(seen).toBe(1);
    expect(it.misdeeds()).toEqual([]);
  });

  test('what the filters show is downloaded as CSV', async () => {
    const acme = await it.service.organization();
    await acme.user('exported@l3.example');
    await acme.workspace('Not asked for');
    const page = await it.tab(`/organizations/${acme.id}/logs?action=CREATE`);
    await page.getByText('exported@l3.example').waitFor();
    await page.getByRole('button', { name: 'Export' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: 'CSV, for spreadsheets' }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/\.csv$/);
    const lines = (await readFile(await download.path(), 'utf8')).trim().split('\r\n');
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain('exported@l3.example');
    expect(it.misdeeds()).toEqual([]);
  });

  test('the details lead from the effect to the request, and there to the effect', async () => {
    const acme = await it.service.organization();
    const ada = await acme.user('ada@l4.example');
    const backend = await acme.workspace('Backend');
    const group = await acme.group('Engineering');
    await acme.mapping(group, { workspaceIds: [backend], role: 'developer' });
    await it.service.quiet();
    await acme.scim('PATCH', `/Groups/${group}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'add', path: 'members', value: [{ value: ada }] }],
    });
    await it.service.quiet();
    const page = await it.tab(`/organizations/${acme.id}/logs?action=SYNC_ACCESS&resourceId=${ada}`);
    await page.locator('tbody tr').first().click();
    const drawer = page.getByRole('dialog', { name: 'Log entry' });
    const changes = drawer.getByRole('region', { name: 'What changed' });
    await changes.getByText('Given: Backend').waitFor();
    await changes.getByText('Role: Viewer → Developer').waitFor();
    const trace = drawer.getByRole('region', { name: 'Trace' });
    await trace.getByText('Applied').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    const request = trace.getByRole('button').first();
    await request.click();
    await drawer.getByText('ADD_MEMBERS', { exact: true }).waitFor();
    await changes.getByText('Members added: 1').waitFor();
    await page.goBack();
    await changes.getByText('Given: Backend').waitFor();
    expect(it.misdeeds()).toEqual([]);
  });

  test('a FAILED job is replayed from its entry, and what it had left undone is done', async () => {
    const acme = await it.service.organization();
    const bob = await acme.user('bob@l5.example');
    const backend = await acme.workspace('Backend');
    await acme.mapping(await acme.group('Engineering', [bob]), { workspaceIds: [backend], role: 'developer' });
    await it.service.quiet();
    // As it stands when the worker could not do it.
    await it.service.db.query(sql`DELETE FROM workspace_members WHERE user_id = ${bob}`);
    await leaveFailedJobs(it.service.db, acme.id, [bob]);

    const page = await it.tab(`/organizations/${acme.id}/logs?status=FAILED`);
    await page.locator('tbody tr').first().click();
    const drawer = page.getByRole('dialog', { name: 'Log entry' });
    const help = drawer.getByRole('alert').filter({ hasText: 'A retry helps' });
    await help.getByText('Replay the job; if that fails again').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await help.getByRole('button', { name: 'Replay the job' }).click();
    await help.getByText('Applied').waitFor();
    await help.getByText('The job has ended well meanwhile').waitFor();
    const { body } = await it.service.admin<{ workspaces: unknown[] }>(
      'GET',
      `/organizations/${acme.id}/users/${bob}/access`,
    );
    expect(body.workspaces).toMatchObject([{ name: 'Backend' }]);
    expect(it.misdeeds()).toEqual([]);
  });
});
