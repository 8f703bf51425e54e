import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import sql from 'sql-template-tag';
import { browserTestsLack } from './support/chromium.ts';
import { openConsole, signIn, type TestConsole } from './support/console.ts';

describe.skipIf(browserTestsLack)('signing in to the console', () => {
  let it: TestConsole;
  beforeAll(async () => {
    it = await openConsole();
  });
  afterAll(async () => {
    await it.close();
  });

  test('a wrong key is refused in the words of the service, and the page stays', async () => {
    const page = await it.newPage();
    await signIn(page, 'rc_admin_not-the-key');
    await page.getByRole('alert').getByText('admin key').waitFor();
    expect(new URL(page.url()).pathname).toBe('/sign-in');
    expect(it.misdeeds()).toEqual([]);
  });

  test('an organization admin comes to the own organization, and sees no other one', async () => {
    const { id } = await it.service.organization({ name: 'Acme' });
    await it.service.organization({ name: 'Globex' });
    const page = await it.newPage();
    await signIn(page, await it.keyOf(id, 'admin'));
    await page.waitForURL(`**/organizations/${id}/identity`);
    await page.getByRole('banner').getByText('Acme').waitFor();
    expect(await page.getByLabel('Organization', { exact: true }).count()).toBe(0);
    expect(await page.getByRole('link', { name: 'Operations' }).count()).toBe(0);
    expect(await page.getByText('Globex').count()).toBe(0);
    expect(it.misdeeds()).toEqual([]);
  });

  test('a platform admin chooses among organizations by typing, and stays on the same page', async () => {
    const { id: first } = await it.service.organization({ name: 'Umbrella' });
    const { id: second } = await it.service.organization({ name: 'Wonka Industries' });
    const page = await it.signedIn({ path: `/organizations/${first}/people` });
    await page
      .getByRole('banner')
      .getByRole('combobox')
      .or(page.getByRole('banner').getByRole('textbox'))
      .fill('wonka');
    await page.getByRole('option', { name: 'Wonka Industries' }).click();
    await page.waitForURL(`**/organizations/${second}/people`);
    expect(it.misdeeds()).toEqual([]);
  });

  test('the queues open without a second sign-in', async () => {
    const page = await it.signedIn();
    const [queues] = await Promise.all([
      page.context().waitForEvent('page'),
      page.getByRole('link', { name: 'Queues' }).click(),
    ]);
    await queues.getByText('group-membership').first().waitFor();
    it.misdeeds();
  });

  test('the queues send a stranger to the sign-in, which leads back to them', async () => {
    const page = await it.newPage({ path: '/queues' });
    await signIn(page, it.service.adminKey);
    await page.getByText('group-membership').first().waitFor();
    expect(new URL(page.url()).pathname).toMatch(/^\/queues/);
    it.misdeeds();
  });

  test('signing out ends the session on the server: the same cookie opens nothing any more', async () => {
    const page = await it.signedIn();
    const cookies = await page.context().cookies();
    expect(cookies).toMatchObject([{ httpOnly: true, sameSite: 'Strict' }]);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Admin key').waitFor();
    const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
    const answer = await fetch(`${it.door.url}/api/v1/session`, { headers: { cookie } });
    expect(answer.status).toBe(401);
    expect(it.misdeeds()).toEqual([]);
  });

  test('a session that has expired asks for the key again and leads back, the search included', async () => {
    const acme = await it.service.organization();
    await acme.user('ada@acme.example');
    const page = await it.signedIn({ path: `/organizations/${acme.id}/people?q=ada` });
    await page.getByText('ada@acme.example').first().waitFor();
    await it.service.db.query(sql`UPDATE console_sessions SET expires_at = now() - interval '1 second'`);
    await page.getByRole('searchbox').fill('grace');
    await page.getByText('Your session has ended').waitFor();
    await signIn(page, it.service.adminKey);
    await page.waitForURL(`**/organizations/${acme.id}/people?q=grace`);
    expect(it.misdeeds()).toEqual([]);
  });

  test('a deep link asks for the key first, then shows what it names', async () => {
    const { id } = await it.service.organization();
    const page = await it.newPage({ path: `/organizations/${id}/mappings?q=sales` });
    await signIn(page, await it.keyOf(id, 'viewer'));
    await page.getByRole('heading', { name: 'Group mappings' }).waitFor();
    expect(page.url()).toBe(`${it.door.url}/organizations/${id}/mappings?q=sales`);
    expect(it.misdeeds()).toEqual([]);
  });
});
