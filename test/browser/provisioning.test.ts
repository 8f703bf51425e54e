import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserTestsLack } from './support/chromium.ts';
import { openConsole, type TestConsole } from './support/console.ts';

describe.skipIf(browserTestsLack)('provisioning & directory sync', () => {
  let it: TestConsole;
  beforeAll(async () => {
    it = await openConsole();
  });
  afterAll(async () => {
    await it.close();
  });

  test('SCIM is refused with what is missing; all of it is set up on the page; then the token is shown, once', async () => {
    const { body } = await it.service.admin('POST', '/organizations', { name: 'New', plan: 'free' });
    const page = await it.tab(`/organizations/${String(body['id'])}/identity`);
    await page.getByRole('radio', { name: /^SCIM/ }).click();
    await page.getByRole('button', { name: 'Change to SCIM' }).click();
    await page.getByRole('alert').getByText('SCIM cannot be selected yet').waitFor();

    await page.getByRole('combobox', { name: 'Plan' }).click();
    await page.getByRole('option', { name: 'Business' }).click();
    await page.getByRole('combobox', { name: 'Provider' }).fill('okta');
    await page.getByRole('button', { name: 'Save the connection' }).click();
    await page.getByText('The SSO connection is saved.').waitFor();
    await page.getByLabel('Add a domain').fill('new.example');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    const domain = page.getByRole('article', { name: 'new.example' });
    await domain.getByText('_rollcall-challenge.new.example').waitFor();
    await domain.getByRole('button', { name: 'Verify', exact: true }).click();
    // The DNS of the tests knows no record.
    await domain.getByRole('alert').getByText('has no TXT record').waitFor();
    await domain.getByRole('button', { name: 'Take as verified' }).click();
    await domain.getByText('Verified', { exact: true }).waitFor();

    await page.getByRole('button', { name: 'Change to SCIM' }).click();
    const dialog = page.getByRole('dialog', { name: 'SCIM credentials' });
    await dialog.getByText('The bearer token is only shown once.').waitFor();
    const token = await tokenIn(page);
    expect(token).toMatch(/^rc_scim_/);
    await page.keyboard.press('Escape');
    await dialog.getByText('Have you stored the token?').waitFor();
    await dialog.getByRole('button', { name: 'Keep it open' }).click();
    expect(await tokenIn(page)).toBe(token);
    await dialog.getByRole('button', { name: 'Done' }).click();
    await dialog.getByRole('button', { name: 'Yes, close' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('Directory sync is on').waitFor();
    expect(await page.content()).not.toContain(token);
    expect(it.misdeeds()).toEqual([]);
  });

  test('JIT while SCIM is active shows the refusal; keeping SCIM changes nothing', async () => {
    const acme = await it.service.organization();
    const page = await it.tab(`/organizations/${acme.id}/identity`);
    await page.getByRole('radio', { name: /^Just-in-time/ }).click();
    await page.getByRole('button', { name: 'Change to Just-in-time' }).click();
    await page.getByRole('dialog', { name: 'Cannot enable JIT provisioning while SCIM is active' }).waitFor();
    await page.getByRole('button', { name: 'Keep SCIM' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await page.getByRole('radio', { name: /^SCIM/ }).isChecked()).toBe(true);
    expect((await acme.scim('GET', '/Users')).status).toBe(200);
    expect(it.misdeeds()).toEqual([]);
  });

  test('leaving SCIM says what will happen, and then it does: the token is refused', async () => {
    const acme = await it.service.organization();
    const page = await it.tab(`/organizations/${acme.id}/identity`);
    await page.getByRole('radio', { name: /^Manual/ }).click();
    await page.getByRole('button', { name: 'Change to Manual' }).click();
    const dialog = page.getByRole('dialog', { name: 'Leave SCIM?' });
    await dialog.getByText('Every SCIM token is revoked').waitFor();
    await dialog.getByRole('button', { name: 'Leave SCIM for Manual' }).click();
    await page.getByText('Directory sync is off').waitFor();
    expect((await acme.scim('GET', '/Users')).status).toBe(401);
    expect(it.misdeeds()).toEqual([]);
  });

  async function tokenIn(page: Page): Promise<string> {
    return page.getByRole('group', { name: 'Bearer token' }).locator('code').innerText();
  }
});
