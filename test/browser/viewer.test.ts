import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserTestsLack } from './support/chromium.ts';
import { leaveFailedJobs } from './support/failed-jobs.ts';
import { openConsole, type TestConsole } from './support/console.ts';

describe.skipIf(browserTestsLack)('a viewer sees everything and is offered no change', () => {
  let it: TestConsole;
  beforeAll(async () => {
    it = await openConsole();
  });
  afterAll(async () => {
    await it.close();
  });

  test('on Identity and access', async () => {
    const acme = await it.service.organization();
    const page = await it.signedIn({
      key: await it.keyOf(acme.id, 'viewer'),
      path: `/organizations/${acme.id}/identity`,
    });
    await page.getByText('View only').waitFor();
    await page.getByRole('article', { name: /^Token rc_scim_/ }).waitFor();
    await page.getByRole('article', { name: /example$/ }).waitFor();
    for (const verb of ['Rotate token', 'Revoke now', 'Save the connection', 'Remove', 'Add', 'Verify']) {
      expect(await page.getByRole('button', { name: verb, exact: true }).count(), verb).toBe(0);
    }
    for (const radio of await page.getByRole('radio').all()) expect(await radio.isDisabled()).toBe(true);
    expect(await page.getByRole('switch', { name: 'Active' }).isDisabled()).toBe(true);
    expect(it.misdeeds()).toEqual([]);
  });

  test('on every other page, and in what opens beside it', async () => {
    const acme = await it.service.organization();
    const user = await acme.user('seen@v1.example');
    const group = await acme.group('Seen', [user]);
    const workspace = await acme.workspace('Backend');
    await acme.mapping(group, { workspaceIds: [workspace], role: 'developer' });
    await it.service.quiet();
    await it.service.admin('PUT', `/organizations/${acme.id}/workspaces/${workspace}/members/${user}`);
    await leaveFailedJobs(it.service.db, acme.id, [user]);
    const page = await it.signedIn({ key: await it.keyOf(acme.id, 'viewer') });
    const visit = async (path: string, shows: string): Promise<string[]> => {
      await page.goto(`/organizations/${acme.id}/${path}`);
      await page.getByText(shows).first().waitFor();
      await page.waitForLoadState('networkidle');
      return page.locator('#main button:visible, [role="dialog"] button:visible').allInnerTexts();
    };
    const sorts = ['Group', 'Members', 'Changed'];
    expect(await visit(`mappings?group=${group}`, '1 member')).toEqual(expect.not.arrayContaining(['Save', 'Undo']));
    await page.getByRole('dialog').getByRole('combobox', { name: 'Workspaces' }).press('Backspace');
    expect(await page.getByText('If you save').count()).toBe(0);
    expect(await visit(`people?person=${user}`, 'granted by hand')).toEqual(
      expect.not.arrayContaining(['Take back', 'Add', 'Invite', 'Remove from the organization']),
    );
    await visit('logs?status=FAILED', 'A retry helps');
    await page.locator('tbody tr').first().click();
    await page.getByRole('dialog').getByRole('alert').waitFor();
    expect(await page.getByRole('button', { name: 'Replay the job' }).count()).toBe(0);
    expect(await visit('workspaces', 'Backend')).toEqual([]);
    expect(await visit('admin-keys', 'viewer')).toEqual([]);
    expect(await visit('mappings', 'Seen')).toEqual(sorts);
    // And what is the operator's is not there at all.
    await page.goto('/operations');
    await page.getByRole('alert').first().waitFor();
    expect(it.misdeeds()).toEqual([]);
  });

  test('and a write that is sent all the same is refused by the service', async () => {
    const acme = await it.service.organization();
    const page = await it.signedIn({ key: await it.keyOf(acme.id, 'viewer') });
    const answer = await page.context().request.post(`/api/v1/organizations/${acme.id}/scim-tokens/rotate`, {
      headers: { origin: it.door.url },
    });
    expect(answer.status()).toBe(403);
  });
});
