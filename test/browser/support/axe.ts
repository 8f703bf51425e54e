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

/** Animations that end, as a script says it. */
const fading = 'document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime !== Infinity)';

/** What axe finds on a page that is serious or worse, each as a line that says where. */
export async function seriousFindings(page: Page): Promise<string[]> {
  // As text: the policy of the page lets no script element in, and needs none lifted for this.
  await page.evaluate(axe.source);
  // What is about to be replaced is pale for that moment, and fades; where that begins while axe looks, it looks again.
  let violations: z.infer<typeof findings> | undefined;
  while (violations === undefined) {
    await page.locator('[data-stale]').first().waitFor({ state: 'detached' });
    await page.evaluate(`Promise.all((${fading}).map(({ finished }) => finished.catch(() => undefined)))`);
    const looked: unknown = await page.evaluate(
      `axe.run({ resultTypes: ["violations"] }).then(({ violations }) =>
        document.querySelector('[data-stale]') !== null || (${fading}).length > 0
          ? null
          : JSON.parse(JSON.stringify(violations)))`,
    );
    if (looked !== null) violations = findings.parse(looked);
  }
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
