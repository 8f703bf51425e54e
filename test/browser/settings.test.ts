import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seriousFindings } from './support/axe.ts';
import { browserTestsLack } from './support/chromium.ts';
import { openConsole, type TestConsole } from './support/console.ts';

describe.skipIf(browserTestsLack)('what an admin needs no command line for', () => {
  let it: TestConsole;
  beforeAll(async () => {
    it = await openConsole();
  });
  afterAll(async () => {
    await it.close();
  });

  test('a new organization, and what its login names look like', async () => {
    const page = await it.tab('/organizations');
    await page.getByRole('button', { name: 'New organization' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Brand new');
    expect(await seriousFindings(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { name: 'Identity and access' }).waitFor();
    const id = /organizations\/([^/]+)/.exec(page.url())?.[1] ?? '';
    await page.getByRole('radio', { name: 'Any unique text' }).click();
    await page.getByRole('button', { name: 'Save the organization' }).click();
    await page.getByText('The organization is saved.').waitFor();
    const { body } = await it.service.admin('GET', `/organizations/${id}`);
    expect(body).toMatchObject({ name: 'Brand new', plan: 'business', userNameFormat: 'any' });
    expect(it.misdeeds()).toEqual([]);
  });

  test('a workspace: created, refused a second time by the same name, deleted after a question', async () => {
    const acme = await it.service.organization();
    const page = await it.tab(`/organizations/${acme.id}/workspaces`);
    await page.getByText('There is no workspace yet.').waitFor();
    const form = page.getByRole('form', { name: 'New workspace' });
    for (let time = 0; time < 2; time += 1) {
      await form.getByRole('textbox').fill('Backend');
      await form.getByRole('button', { name: 'Create' }).click();
      await page.getByRole('button', { name: 'Delete Backend' }).waitFor();
    }
    await form.getByRole('alert').waitFor();
    await page.getByRole('button', { name: 'Delete Backend' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete this workspace?' });
    expect(await seriousFindings(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByText('There is no workspace yet.').waitFor();
    expect(it.misdeeds()).toEqual([]);
  });

  test('an admin key: shown once, opens the organization, and opens nothing when it is revoked', async () => {
    const acme = await it.service.organization();
    const page = await it.tab(`/organizations/${acme.id}/admin-keys`);
    await page.getByRole('button', { name: 'Create a key' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('IT team');
    await dialog.getByRole('radio', { name: 'Admin' }).click();
    await dialog.getByRole('button', { name: 'Create' }).click();
    const key = await dialog.getByRole('group', { name: 'Admin key' }).locator('code').innerText();
    expect(await seriousFindings(page)).toEqual([]);
    // What is shown once is not lost by a key pressed in passing.
    await page.keyboard.press('Escape');
    await dialog.getByRole('button', { name: 'I have stored it' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await page.content()).not.toContain(key);

    const colleague = await it.signedIn({ key, path: `/organizations/${acme.id}/workspaces` });
    await colleague.getByRole('button', { name: 'Create' }).waitFor();
    await page.getByRole('button', { name: 'Revoke the key IT team' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke now' }).click();
    await page.getByText('No key of this organization works now.').waitFor();
    await colleague.getByRole('link', { name: 'People' }).click();
    await colleague.getByText('Your session has ended').waitFor();
    expect(it.misdeeds()).toEqual([]);
  });
});
