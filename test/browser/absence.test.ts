import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserTestsLack } from './support/chromium.ts';
import { openConsole, type TestConsole } from './support/console.ts';

/** In the browser: its script runs only where all that it imports has come too, and styles have come when they apply. */
const peoplePageIsHere = `(async () => {
  const names = performance.getEntriesByType('resource').map(({ name }) => name);
  const script = names.find((name) => /people-page[^/]*[.]js/.test(name));
  if (script === undefined) return false;
  await import(script);
  return [...document.querySelectorAll('link[rel=stylesheet]')].every(({ sheet }) => sheet !== null);
})()`;

describe.skipIf(browserTestsLack)('the service goes away and comes back', () => {
  let it: TestConsole;
  beforeAll(async () => {
    it = await openConsole();
  });
  afterAll(async () => {
    await it.close();
  });

  test('a banner says so while it is away; what was asked meanwhile appears when it is back', async () => {
    const acme = await it.service.organization();
    await acme.user('ada@acme.example');
    const page = await it.signedIn({ path: `/organizations/${acme.id}/identity` });
    const banner = page.getByText('Rollcall cannot be reached.');
    // The page itself comes by itself, soon after the first one, with all that it is made of; only its data is missing then.
    await expect.poll(() => page.evaluate(peoplePageIsHere), { timeout: 15_000, interval: 100 }).toBe(true);

    await it.door.close();
    await page.getByRole('link', { name: 'People' }).click();
    await banner.waitFor();
    expect(await page.getByText('ada@acme.example').count()).toBe(0);

    await it.door.open();
    await page.getByText('ada@acme.example').waitFor();
    await banner.waitFor({ state: 'detached' });
    expect(it.misdeeds()).toEqual([]);
  });

  test('a write that gets no answer says so at once, and is not sent later by itself', async () => {
    const acme = await it.service.organization();
    const page = await it.signedIn({ path: `/organizations/${acme.id}/identity` });
    await page.getByLabel('Add a domain').fill('late.example');

    await it.door.close();
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('alert').getByText('cannot be reached').waitFor();

    await it.door.open();
    await page.getByText('Rollcall cannot be reached.', { exact: true }).waitFor({ state: 'detached' });
    const { body } = await it.service.admin<{ items: { domain: string }[] }>(
      'GET',
      `/organizations/${acme.id}/domains`,
    );
    expect(body.items.map(({ domain }) => domain)).not.toContain('late.example');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('article', { name: 'late.example' }).waitFor();
    expect(it.misdeeds()).toEqual([]);
  });
});
