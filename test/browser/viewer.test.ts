import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserTestsLack } from './support/chromium.ts';
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

  test('and a write that is sent all the same is refused by the service', async () => {
    const acme = await it.service.organization();
    const page = await it.signedIn({ key: await it.keyOf(acme.id, 'viewer') });
    const answer = await page.context().request.post(`/api/v1/organizations/${acme.id}/scim-tokens/rotate`, {
      headers: { origin: it.door.url },
    });
    expect(answer.status()).toBe(403);
  });
});
