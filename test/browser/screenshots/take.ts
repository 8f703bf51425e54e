/**
 * Pictures of the console for README and docs, with a made-up company: `npm run screenshots`. With a directory behind it
 * (`npm run screenshots -- <directory>`) every page, drawer and dialog, light and dark, on a desk and on a phone, to be
 * looked at.
 */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { createRestClient } from '../../../src/cli/rest-client.ts';
import { openDatabase } from '../../../src/platform/database.ts';
import { databaseUrl, runAsAdmin } from '../../support/database.ts';
import { freePort } from '../../support/free-port.ts';
import { killStarted, startRollcall } from '../../support/processes.ts';
import { startTestServices } from '../../support/test-services.ts';
import { chromiumPath } from '../support/chromium.ts';
import { phone } from '../support/console.ts';
import { createAcme, createOthers } from './company.ts';
import { addDayBefore } from './past.ts';
import { shotsOf, type Shot } from './shots.ts';

/** What the browser believes to be at, as if a proxy with TLS stood in front. */
const publicUrl = 'https://rollcall.example';
const desk = { width: 1280, height: 860 };

/** Names of the pictures that README and docs show, each in both colours. */
const published = new Set(['identity', 'mapping', 'person', 'logs', 'entry', 'operations', 'setup']);

const directory = process.argv[2];
const target = directory ?? join(import.meta.dirname, '../../../docs/images');
await mkdir(target, { recursive: true });

const services = await startTestServices();
const database = `screenshots_${randomBytes(6).toString('hex')}`;
const adminKey = `rc_admin_${randomBytes(32).toString('hex')}`;
await runAsAdmin(services.postgresUrl, `CREATE DATABASE ${database}`);
try {
  const url = databaseUrl(services.postgresUrl, database);
  const port = await freePort();
  const service = startRollcall(['serve'], {
    DATABASE_URL: url,
    ROLLCALL_ADMIN_KEY: adminKey,
    PUBLIC_URL: publicUrl,
    PORT: `${port}`,
  });
  await service.shows(/is ready/);
  const address = `http://127.0.0.1:${port}`;
  const client = createRestClient({ url: address, adminKey });
  const others = await createOthers(client);
  const db = openDatabase({ url, maxConnections: 2, applicationName: 'screenshots', onIdleError: () => undefined });
  const acme = await createAcme(client, db);
  await addDayBefore(db, acme.organizationId);
  await db.close();

  const browser = await chromium.launch({ executablePath: chromiumPath, headless: true });
  const shots = shotsOf(acme, others).filter(({ name }) => directory !== undefined || published.has(name));
  for (const device of directory === undefined ? (['desk'] as const) : (['desk', 'phone'] as const)) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const window = device === 'desk' ? desk : phone;
      const page = await signedIn(browser, address, { colorScheme, viewport: window });
      for (const shot of shots) {
        const suffix = device === 'desk' ? colorScheme : `phone-${colorScheme}`;
        await take(page, shot, window, join(target, `${shot.name}-${suffix}.png`), directory !== undefined);
      }
      await page.context().close();
    }
  }
  await browser.close();
  service.kill('SIGTERM');
  await service.ended();
} finally {
  await killStarted();
  await runAsAdmin(services.postgresUrl, `DROP DATABASE ${database} WITH (FORCE)`);
  await services.stop();
}

async function signedIn(
  browser: Browser,
  address: string,
  options: { colorScheme: 'light' | 'dark'; viewport: { width: number; height: number } },
): Promise<Page> {
  const context = await browser.newContext({
    baseURL: publicUrl,
    locale: 'en-GB',
    timezoneId: 'Europe/Oslo',
    reducedMotion: 'reduce',
    ...options,
  });
  await context.route(`${publicUrl}/**`, async (route) => {
    const url = route.request().url().replace(publicUrl, address);
    await route.fulfill({ response: await route.fetch({ url, maxRedirects: 0 }) }).catch(() => undefined);
  });
  const page = await context.newPage();
  await page.goto('/sign-in');
  await page.getByLabel('Admin key').fill(adminKey);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('#main h1').waitFor();
  return page;
}

async function take(page: Page, shot: Shot, window: typeof desk, path: string, whole: boolean): Promise<void> {
  await page.setViewportSize({ ...window, height: shot.height ?? window.height });
  try {
    await page.goto(shot.path);
    await page.locator('#main h1').waitFor();
    await shot.prepare?.(page);
    await page.waitForLoadState('networkidle');
    await page.waitForFunction('document.querySelector("[aria-busy=true]") === null', null, { timeout: 5_000 });
  } catch (error) {
    console.warn(`${shot.name}: ${String(error).split('\n')[0]}`);
  }
  await page.screenshot({ path, fullPage: whole && !shot.hasDrawer, animations: 'disabled' });
}
