import type { StepResult } from './play.ts';

/** The failed steps of a play, each with what did not hold and the exchange that shows it; empty when none failed. */
export function reportOfFailures(results: StepResult[]): string {
  return results
    .flatMap(({ name, outcome, reasons, evidence }, index) =>
      outcome === 'failed'
        ? [`step ${index + 1} "${name}"\n  ${reasons.join('\n  ')}${evidence === undefined ? '' : `\n${evidence}`}`]
        : [],
    )
    .join('\n\n');
}
