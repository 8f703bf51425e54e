import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';
import { startService, type TestService } from '../../support/service.ts';
import { chromiumPath } from './chromium.ts';
import { openFrontDoor, type FrontDoor } from './front-door.ts';

export interface TestConsole {
  readonly service: TestService;
  /** Between the browser and the service. */
  readonly door: FrontDoor;
  /** A page of a browser that knows nothing of the others, on `/sign-in` or where `path` says. */
  newPage(options?: { path?: string } & BrowserContextOptions): Promise<Page>;
  /** The same, signed in. */
  signedIn(options?: { key?: string; path?: string } & BrowserContextOptions): Promise<Page>;
  /** The same for the platform's admin, as one more tab of one browser: quicker, because it has the console already. */
  tab(path: string): Promise<Page>;
  /** A key of an organization. */
  keyOf(organizationId: string, role: 'admin' | 'viewer'): Promise<string>;
  /** What no page of ours may do, since the last call: errors, refusals of the policy, requests to other hosts. */
  misdeeds(): string[];
  close(): Promise<void>;
}

/** How long to wait for what should be there within a second, on a machine that is busy with other tests. */
const patienceMs = 20_000;

/** A phone, as narrow as people still have them. */
export const phone = { width: 375, height: 780 };

/** The service with its console, and a Chromium in front of it. */
export async function openConsole(options: Partial<Parameters<typeof startService>[0]> = {}): Promise<TestConsole> {
  const service = await startService({ engine: 'postgres', ...options });
  const door = await openFrontDoor(Number(new URL(service.url).port));
  const browser = await chromium.launch({ executablePath: chromiumPath, headless: true });
  const misdeeds: string[] = [];

  const newPage: TestConsole['newPage'] = async ({ path = '/sign-in', ...rest } = {}) => {
    const page = await (await newContext(browser, door.url, rest)).newPage();
    watch(page, door.url, misdeeds);
    await page.goto(path);
    return page;
  };

  let shared: Promise<BrowserContext> | undefined;
  const signedInContext = async (key: string, options: BrowserContextOptions): Promise<BrowserContext> => {
    const context = await newContext(browser, door.url, options);
    // The way of the sign-in page, without the page: its cookie is then the browser's.
    const answer = await context.request.post('/api/v1/session', { data: { adminKey: key } });
    if (!answer.ok()) throw new Error(`sign-in: ${answer.status()} ${await answer.text()}`);
    return context;
  };
  const open = async (context: BrowserContext, path: string): Promise<Page> => {
    const page = await context.newPage();
    watch(page, door.url, misdeeds);
    await page.goto(path);
    await page.locator('#main h1').waitFor();
    return page;
  };

  return {
    service,
    door,
    newPage,
    tab: async (path) => {
      shared ??= signedInContext(service.adminKey, { reducedMotion: 'reduce' });
      return open(await shared, path);
    },
    signedIn: async ({ key = service.adminKey, path = '/', ...rest } = {}) =>
      open(await signedInContext(key, rest), path),
    keyOf: async (organizationId, role) => {
      const { body } = await service.admin('POST', `/organizations/${organizationId}/admin-keys`, { name: role, role });
      return String(body['key']);
    },
    misdeeds: () => misdeeds.splice(0),
    close: async () => {
      await browser.close();
      await door.close();
      await service.close();
    },
  };
}

/** Fills the sign-in page, as a person does. */
export async function signIn(page: Page, key: string): Promise<void> {
  await page.getByLabel('Admin key').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

async function newContext(browser: Browser, baseURL: string, options: BrowserContextOptions): Promise<BrowserContext> {
  const context = await browser.newContext({ baseURL, ...options });
  context.setDefaultTimeout(patienceMs);
  return context;
}

function watch(page: Page, origin: string, misdeeds: string[]): void {
  page.on('pageerror', (error) => misdeeds.push(`uncaught: ${error.message}`));
  page.on('console', (message) => {
    const text = message.text();
    // The browser itself notes each answer above 399 and each connection that fails; tests decide about those.
    if (message.type() === 'error' && !text.startsWith('Failed to load resource')) misdeeds.push(text);
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin !== origin && url.protocol !== 'data:') misdeeds.push(`asked another host: ${request.url()}`);
  });
}
