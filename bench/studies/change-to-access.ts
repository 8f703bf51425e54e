import { startLoadProcess } from '../load/load-process.ts';
import { percentiles } from '../measure/statistics.ts';
import { digits, printTable } from '../report.ts';
import { userId } from '../seed/sample-ids.ts';
import type { QueueEngine } from '../servers/queue-engines.ts';
import { accessDelays, delaysToAccess, grantedAt, type AccessDelays } from './access-probe.ts';
import { setStage, type Surroundings } from './stage.ts';

export interface AccessFigures {
  engine: string;
  load: string;
  /** Of the ingress, in milliseconds. */
  ingress: { p50: number; p95: number; p99: number };
  delays: AccessDelays;
}

const groups = 50;

/** From the ingress's answer to the committed access change: with nothing else to do, and at a sustained rate. */
export async function studyAccess(
  surroundings: Surroundings,
  options: { engines: QueueEngine[]; seconds: number; rates: number[] },
): Promise<AccessFigures[]> {
  const figures: AccessFigures[] = [];
  for (const engine of options.engines) {
    const stage = await setStage(surroundings, { ...engine, workers: 1 });
    const load = await startLoadProcess();
    try {
      for (const rate of options.rates) {
        const changes = rate * options.seconds;
        const { id, first, target } = await stage.organization({ users: changes + 200, groups, mapped: true });
        const run = (from: number, durationMs: number, ratePerSecond: number) =>
          load.run({
            target,
            workload: 'grant-access',
            parameters: { firstGroup: first, groups, firstUser: first },
            connections: 32,
            from,
            durationMs,
            most: changes,
            ratePerSecond,
          });
        const warm = await run(0, 2_000, Math.min(50, rate));
        const result = await run(warm.to, options.seconds * 1_000, rate);
        await stage.untilQuiet();
        const granted = await grantedAt(stage.databaseUrl, [stage.workspaceOf(id)]);
        if (granted.size !== result.to) throw new Error(`${granted.size} grants after ${result.to} changes`);
        figures.push({
          engine: engine.name,
          load: `${rate} changes a second`,
          ingress: percentiles([result.latenciesMs]),
          delays: accessDelays([
            delaysToAccess(result.answeredAt, (position) => userId(first + result.from + position), granted),
          ]),
        });
      }
    } finally {
      load.stop();
      await stage.stop();
    }
  }
  printTable(
    'From change to access',
    ['', 'changes', 'ingress p50 ms', 'p99', 'to access p50 ms', 'p95', 'p99', 'most'],
    figures.map(({ engine, load, ingress, delays }) => [
      `${engine}, ${load}`,
      `${delays.changes}`,
      ...[ingress.p50, ingress.p99, delays.p50, delays.p95, delays.p99, delays.most].map(digits),
    ]),
  );
  return figures;
}
