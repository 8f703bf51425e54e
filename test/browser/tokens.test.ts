import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRollcall } from '../support/processes.ts';
import { browserTestsLack } from './support/chromium.ts';
import { openConsole, type TestConsole } from './support/console.ts';

describe.skipIf(browserTestsLack)('SCIM tokens and the set-up guide', () => {
  let it: TestConsole;
  beforeAll(async () => {
    it = await openConsole();
  });
  afterAll(async () => {
    await it.close();
  });

  test('rotation: a new token once, a countdown for the old one, the first use of the new one, then revoke', async () => {
    const acme = await it.service.organization();
    const page = await it.tab(`/organizations/${acme.id}/identity`);
    await page.getByRole('button', { name: 'Rotate token' }).click();
    await page.getByRole('dialog').getByText('24 more hours').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Rotate token' }).click();
    const dialog = page.getByRole('dialog', { name: 'The new SCIM token' });
    const token = await dialog.getByRole('group', { name: 'Bearer token' }).locator('code').innerText();
    await dialog.getByRole('button', { name: 'Done' }).click();
    await dialog.getByRole('button', { name: 'Yes, close' }).click();

    await page.getByText('The new token has not been used yet.').waitFor();
    expect(await page.getByRole('timer').first().innerText()).toMatch(/^2[34]:\d\d:\d\d left$/);
    for (const works of [acme.token, token]) {
      expect((await fetch(`${acme.baseUrl}/Users`, { headers: { authorization: `Bearer ${works}` } })).status).toBe(
        200,
      );
    }
    // Seen by itself: whoever rotates watches this page while entering the token elsewhere.
    await page.getByText('The new token was first used at').waitFor();

    const old = page
      .getByRole('article', { name: `Token rc_scim_`, exact: false })
      .filter({ hasText: 'Being replaced' });
    await old.getByRole('button', { name: 'Revoke now' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke now' }).click();
    await old.waitFor({ state: 'detached' });
    expect((await acme.scim('GET', '/Users')).status).toBe(401);
    expect(it.misdeeds()).toEqual([]);
  });

  test('the checklist turns green as the first calls of the provider arrive', async () => {
    const acme = await it.service.organization({ name: 'Fresh' });
    const page = await it.tab(`/organizations/${acme.id}/setup?provider=okta`);
    const arrived = page.getByRole('region', { name: 'What has arrived' });
    await arrived.getByText('Watching').waitFor();
    expect(await arrived.getByRole('img', { name: 'Done:' }).count()).toBe(0);
    await page.getByText(`http://rollcall.test/api/v1/scim/${acme.id}/v2`).waitFor();

    const words = ['simulate', 'okta', '--base-url', acme.baseUrl, '--token', acme.token];
    const provider = startRollcall([...words, '--users', '3', '--groups', '1', '--seed', 'checklist']);
    expect(await provider.ended()).toMatchObject({ code: 0 });
    await arrived.getByText('Groups have arrived.').waitFor();
    // The page may have looked before the group had its members.
    await expect.poll(() => arrived.getByRole('img', { name: 'Done:' }).count()).toBe(4);
    expect(it.misdeeds()).toEqual([]);
  });
});
