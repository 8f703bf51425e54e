import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { z } from 'zod';

const findings = z.array(
  z.object({
    id: z.string(),
    impact: z.string().nullable(),
    nodes: z.array(z.object({ target: z.array(z.unknown()), failureSummary: z.string().optional() })),
  }),
);

/** What axe finds on a page that is serious or worse, each as a line that says where. */
export async function seriousFindings(page: Page): Promise<string[]> {
  // What is about to be replaced is pale for that moment, and fades.
  await page.locator('[data-stale]').first().waitFor({ state: 'detached' });
  await page.evaluate(
    'Promise.all(document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime !== Infinity)' +
      '.map(({ finished }) => finished.catch(() => undefined)))',
  );
  // As text: the policy of the page lets no script element in, and needs none lifted for this.
  await page.evaluate(axe.source);
  const violations = findings.parse(
    await page.evaluate(
      'axe.run({ resultTypes: ["violations"] }).then(({ violations }) => JSON.parse(JSON.stringify(violations)))',
    ),
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary = '' }) => `${id} at ${target.join(' ')}: ${failureSummary}`),
    );
}

/** By how many pixels a page is wider than the screen; nothing should have to be scrolled sideways. */
export async function tooWideBy(page: Page): Promise<number> {
  return z.number().parse(await page.evaluate('document.documentElement.scrollWidth - innerWidth'));
}
