import type { Page } from 'playwright-core';
import type { Company } from './company.ts';

export interface Shot {
  name: string;
  path: string;
  /** What a person does before looking. */
  prepare?: (page: Page) => Promise<void>;
  /** Of the window, where the usual one shows too little. */
  height?: number;
  /** The picture is then of the window, not of the whole page. */
  hasDrawer?: boolean;
}

export function shotsOf(acme: Company, { globexId }: { globexId: string }): Shot[] {
  const organization = `/organizations/${acme.organizationId}`;
  const firstRow = async (page: Page): Promise<void> => {
    await page.locator('tbody tr').first().click();
    await page.getByRole('dialog').locator('section').first().waitFor();
  };
  const preview = async (page: Page): Promise<void> => {
    const drawer = page.getByRole('dialog');
    await drawer.getByRole('combobox', { name: 'Workspaces' }).click();
    await page.getByRole('option', { name: 'Production' }).click();
    await page.getByRole('option', { name: 'Analytics' }).click();
    await page.keyboard.press('Escape');
    await drawer.getByRole('combobox', { name: 'Organization role' }).click();
    await page.getByRole('option', { name: 'Developer' }).click();
    await page.getByText('If you save').waitFor();
    await page.getByLabel('Whose access changes').waitFor();
  };
  return [
    { name: 'organizations', path: '/organizations' },
    { name: 'identity', path: `${organization}/identity` },
    { name: 'identity-rotation', path: `/organizations/${globexId}/identity` },
    { name: 'setup', path: `${organization}/setup` },
    { name: 'mappings', path: `${organization}/mappings` },
    {
      name: 'mapping',
      path: `${organization}/mappings?group=${acme.unmappedGroupId}`,
      prepare: preview,
      hasDrawer: true,
    },
    { name: 'workspaces', path: `${organization}/workspaces` },
    { name: 'admin-keys', path: `${organization}/admin-keys` },
    { name: 'people', path: `${organization}/people` },
    { name: 'person', path: `${organization}/people?person=${acme.personId}`, hasDrawer: true, prepare: history },
    {
      name: 'leaver',
      path: `${organization}/people?active=false&person=${acme.leaverId}`,
      hasDrawer: true,
      prepare: history,
    },
    { name: 'logs', path: `${organization}/logs` },
    { name: 'logs-filtered', path: `${organization}/logs?status=FAILED&period=24h&live=true` },
    {
      name: 'entry',
      path: `${organization}/logs?action=SYNC_ACCESS&status=SUCCESS&resourceId=${acme.leaverId}`,
      prepare: firstRow,
      hasDrawer: true,
    },
    {
      name: 'entry-failed',
      path: `${organization}/logs?status=FAILED&resourceType=Job`,
      prepare: firstRow,
      hasDrawer: true,
    },
    { name: 'operations', path: '/operations', prepare: charts, height: 1_150 },
    { name: 'operations-organization', path: `/operations?organization=${acme.organizationId}`, hasDrawer: true },
  ];
}

async function history(page: Page): Promise<void> {
  await page.getByRole('dialog').getByRole('region', { name: 'History' }).locator('time').first().waitFor();
}

async function charts(page: Page): Promise<void> {
  await page.locator('figure svg.recharts-surface').first().waitFor();
}
