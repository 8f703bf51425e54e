import type { Page } from 'playwright-core';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestOrganization } from '../support/service.ts';
import { seriousFindings } from './support/axe.ts';
import { browserTestsLack } from './support/chromium.ts';
import { openConsole, type TestConsole } from './support/console.ts';

interface Access {
  role: string | null;
  workspaces: { name: string }[];
}

describe.skipIf(browserTestsLack)('group mappings', () => {
  let it: TestConsole;
  beforeAll(async () => {
    it = await openConsole();
  });
  afterAll(async () => {
    await it.close();
  });

  test('by keyboard alone: choose, read the preview, save, see it applied - and everybody has what the preview said', async () => {
    const acme = await it.service.organization();
    await acme.workspace('Backend');
    const website = await acme.workspace('Website');
    const users = await Promise.all(['ada', 'bob', 'cleo'].map((name) => acme.user(`${name}@m1.example`)));
    const before = await acme.group('Marketing', users.slice(0, 1));
    await acme.mapping(before, { workspaceIds: [website], role: null });
    await acme.group('Engineering', users);
    await it.service.quiet();

    const page = await it.tab(`/organizations/${acme.id}/mappings`);
    await page.getByRole('row').filter({ hasText: 'Engineering' }).focus();
    await page.keyboard.press('Enter');
    const drawer = page.getByRole('dialog');
    await drawer.getByText('3 members').waitFor();
    await tabTo(page, 'Workspaces');
    await page.keyboard.type('back');
    await page.getByRole('option', { name: 'Website' }).waitFor({ state: 'detached' });
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await tabTo(page, 'Organization role');
    // Opens on "Use connection role"; then Viewer, Developer.
    for (let presses = 0; presses < 3; presses += 1) await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    const preview = drawer.getByRole('status', { name: 'Preview' });
    await preview.getByText('3 people are affected.').waitFor();
    await preview.getByText('3 workspace memberships are added.').waitFor();
    await preview.getByText('3 roles change.').waitFor();
    const lines = await preview
      .getByRole('list', { name: 'Whose access changes' })
      .getByRole('listitem')
      .allInnerTexts();
    expect(lines.map((line) => line.replace(/\n+/, ': ')).toSorted()).toEqual(
      ['ada', 'bob', 'cleo'].map((name) => `${name}@m1.example: gets Backend; role Viewer → Developer`),
    );
    expect(await seriousFindings(page)).toEqual([]);

    await tabTo(page, 'Save');
    await page.keyboard.press('Enter');
    await drawer.getByText('Applied').waitFor();
    for (const [index, user] of users.entries()) {
      const { role, workspaces } = await accessOf(acme, user);
      expect(role).toBe('developer');
      expect(workspaces.map(({ name }) => name).toSorted()).toEqual(index === 0 ? ['Backend', 'Website'] : ['Backend']);
    }
    await page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'detached' });
    expect(await page.getByRole('row').filter({ hasText: 'Engineering' }).innerText()).toContain('Developer');
    expect(it.misdeeds()).toEqual([]);
  });

  test('the last admin: a warning before, a confirmation when it is saved; declining changes nothing', async () => {
    const acme = await it.service.organization();
    const boss = await acme.user('boss@m2.example');
    const admins = await acme.group('Admins', [boss]);
    await acme.mapping(admins, { workspaceIds: [], role: 'admin', confirm: true });
    await it.service.quiet();

    const page = await it.tab(`/organizations/${acme.id}/mappings?group=${admins}`);
    const drawer = page.getByRole('dialog', { name: 'Group mapping' });
    await drawer.getByRole('combobox', { name: 'Organization role' }).click();
    await page.getByRole('option', { name: 'Viewer' }).click();
    await drawer.getByText('The last admin would go').waitFor();
    await drawer.getByRole('button', { name: 'Save' }).click();
    const dialog = page.getByRole('dialog', { name: 'Leave the organization without an admin?' });
    await dialog.waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect((await accessOf(acme, boss)).role).toBe('admin');

    await drawer.getByRole('button', { name: 'Save' }).click();
    await dialog.getByRole('button', { name: 'Save all the same' }).click();
    await drawer.getByText('Applied').waitFor();
    expect((await accessOf(acme, boss)).role).toBe('viewer');
    expect(it.misdeeds()).toEqual([]);
  });

  test('what was saved is on its way until it is applied, and the drawer says so', async () => {
    const acme = await it.service.organization();
    const user = await acme.user('held@m3.example');
    const group = await acme.group('Held up', [user]);
    await acme.workspace('Vault');
    await it.service.quiet();
    const page = await it.tab(`/organizations/${acme.id}/mappings?group=${group}`);
    const drawer = page.getByRole('dialog');
    await drawer.getByRole('combobox', { name: 'Workspaces' }).click();
    await page.getByRole('option', { name: 'Vault' }).click();
    await drawer.getByText('1 workspace membership is added.').waitFor();

    const busy = drawer.getByRole('progressbar');
    await it.service.db.transaction(async (tx) => {
      await tx.query(sql`SELECT FROM users WHERE organization_id = ${acme.id} AND id = ${user} FOR UPDATE`);
      await drawer.getByRole('button', { name: 'Save' }).click();
      await busy.waitFor();
      expect(await drawer.getByText('Applied').count()).toBe(0);
    });
    await drawer.getByText('Applied').waitFor();
    expect((await accessOf(acme, user)).workspaces.map(({ name }) => name)).toEqual(['Vault']);
    expect(it.misdeeds()).toEqual([]);
  });

  test('no group yet: says when there will be some', async () => {
    const acme = await it.service.organization();
    const page = await it.tab(`/organizations/${acme.id}/mappings`);
    await page
      .getByText(
        'No groups synced yet. Groups will appear here automatically once your identity provider pushes them via SCIM.',
      )
      .waitFor();
    expect(it.misdeeds()).toEqual([]);
  });

  test('10,000 groups: a page at a time, searched and sorted by the service', async () => {
    const acme = await it.service.organization();
    await it.service.db.query(sql`
      INSERT INTO groups (organization_id, id, display_name)
      SELECT ${acme.id}, new_id(), 'Group ' || lpad(n::text, 5, '0') FROM generate_series(1, 10000) AS n`);
    const page = await it.tab(`/organizations/${acme.id}/mappings`);
    const rows = page.locator('tbody tr');
    await page.getByText('Group 00001').waitFor();
    expect(await rows.count()).toBe(50);
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByText('Group 00051').waitFor();
    expect(await rows.count()).toBe(50);
    // The page is in the address: a link to it, opened elsewhere, shows the same one.
    const shared = await it.tab(page.url());
    await shared.getByText('Group 00051').waitFor();
    await page.getByRole('button', { name: 'Group', exact: true }).click();
    await page.getByText('Group 10000').waitFor();
    await page.getByRole('searchbox').fill('09999');
    await page.getByText('Group 10000').waitFor({ state: 'detached' });
    expect(await rows.allInnerTexts()).toEqual([expect.stringContaining('Group 09999')]);
    expect(it.misdeeds()).toEqual([]);
  });

  async function accessOf({ id }: TestOrganization, userId: string): Promise<Access> {
    return (await it.service.admin<Access>('GET', `/organizations/${id}/users/${userId}/access`)).body;
  }
});

/** Presses Tab until what is focused has this name. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 20; presses += 1) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate<string>(
      `(({ labels, innerText }) => labels?.length ? labels[0].innerText : innerText)(document.activeElement)`,
    );
    if (focused.trim() === name) return;
  }
  throw new Error(`Tab does not lead to ${name}`);
}
