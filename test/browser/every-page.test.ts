import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seriousFindings, tooWideBy } from './support/axe.ts';
import { browserTestsLack } from './support/chromium.ts';
import { openConsole, phone, type TestConsole } from './support/console.ts';

/** Names as a provider can send them: markup, another direction, control characters, as long as is taken. */
const hostileNames = [
  `<img src=x onerror="document.title='owned'">`,
  'שלום ‮evil‬ العربية',
  `${'W'.repeat(120)} ${'endless'.repeat(30)}`,
];

const pages = ['identity', 'setup', 'mappings', 'workspaces', 'logs', 'people', 'admin-keys'];

/** Of what is shown once everything has arrived, in light and in dark. */
async function expectNothingSerious(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle');
  expect(await seriousFindings(page), 'light').toEqual([]);
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.locator('html[data-mantine-color-scheme="dark"]').waitFor();
  expect(await seriousFindings(page), 'dark').toEqual([]);
}

describe.skipIf(browserTestsLack)('every page, with names that nobody wishes for', () => {
  let it: TestConsole;
  let page: Page;
  let organization: string;
  /** Addresses with something open beside the page, and in it every hostile name. */
  const drawers: Record<string, string> = {};
  beforeAll(async () => {
    it = await openConsole();
    const acme = await it.service.organization({ name: hostileNames[0] ?? '' });
    organization = `/organizations/${acme.id}`;
    for (const [index, name] of hostileNames.entries()) {
      const user = await acme.user(`user${index}@acme.example`, { displayName: name, name: { formatted: name } });
      const group = await acme.group(name, [user]);
      const workspace = await acme.workspace(name.slice(0, 190));
      const role = index === 0 ? 'admin' : 'developer';
      await acme.mapping(group, { workspaceIds: [workspace], role, confirm: true });
      await it.service.admin('POST', `/organizations/${acme.id}/admin-keys`, {
        name: name.slice(0, 190),
        role: 'viewer',
      });
      drawers['a person'] = `${organization}/people?person=${user}`;
      drawers['a mapping'] = `${organization}/mappings?group=${group}`;
    }
    await acme.scim('POST', '/Users', { userName: hostileNames[2] });
    await it.service.quiet();
    const failed = await it.service.admin<{ items: { id: string }[] }>(
      'GET',
      `/organizations/${acme.id}/sync-logs?status=FAILED&limit=1`,
    );
    drawers['a refusal'] = `${organization}/logs?entry=${failed.body.items[0]?.id ?? ''}`;
    const done = await it.service.admin<{ items: { id: string }[] }>(
      'GET',
      `/organizations/${acme.id}/sync-logs?action=SYNC_ACCESS&limit=1`,
    );
    drawers['an effect'] = `${organization}/logs?entry=${done.body.items[0]?.id ?? ''}`;
    drawers['an organization'] = `/operations?organization=${acme.id}`;
    page = await it.signedIn({ path: '/organizations' });
  });
  afterAll(async () => {
    await it.close();
  });

  test.each(['/organizations', '/operations', ...pages])(
    '%s: axe finds nothing serious in light or dark, and a phone need not scroll sideways',
    async (path) => {
      await page.setViewportSize({ width: 1280, height: 860 });
      await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
      await page.goto(path.startsWith('/') ? path : `${organization}/${path}`);
      await page.locator('#main h1').waitFor();
      await expectNothingSerious(page);
      await page.setViewportSize(phone);
      expect(await seriousFindings(page), 'on a phone').toEqual([]);
      expect(await tooWideBy(page)).toBeLessThanOrEqual(0);
      expect(await page.title()).toMatch(/ · Rollcall$/);
      expect(it.misdeeds()).toEqual([]);
    },
  );

  test.each(['a person', 'a mapping', 'a refusal', 'an effect', 'an organization'])(
    'details of %s: the same',
    async (what) => {
      await page.setViewportSize({ width: 1280, height: 860 });
      await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
      await page.goto(drawers[what] ?? '');
      await page.getByRole('dialog').waitFor();
      await expectNothingSerious(page);
      await page.setViewportSize(phone);
      expect(await tooWideBy(page)).toBeLessThanOrEqual(0);
      expect(
        await page.evaluate<number>(
          `(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('[role="dialog"]'))`,
        ),
      ).toBeLessThanOrEqual(0);
      expect(await page.title()).toMatch(/ · Rollcall$/);
      expect(it.misdeeds()).toEqual([]);
    },
  );

  test('the sign-in page too', async () => {
    const stranger = await it.newPage({ viewport: phone });
    await stranger.getByLabel('Admin key').waitFor();
    expect(await seriousFindings(stranger)).toEqual([]);
    expect(await tooWideBy(stranger)).toBeLessThanOrEqual(0);
    expect(it.misdeeds()).toEqual([]);
  });

  test('the keyboard alone: skip link first, then the pages, and a table row opens with Enter', async () => {
    await page.setViewportSize({ width: 1280, height: 860 });
    await page.goto('/organizations');
    const row = page.getByRole('row').filter({ hasText: 'onerror' });
    await row.waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    await row.focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(`**${organization}/identity`);
    expect(it.misdeeds()).toEqual([]);
  });
});
