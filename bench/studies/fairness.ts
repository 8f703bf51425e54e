import { startLoadProcess } from '../load/load-process.ts';
import type { Percentiles } from '../measure/statistics.ts';
import { digits, printTable } from '../report.ts';
import type { QueueEngine } from '../servers/queue-engines.ts';
import type { AccessDelays } from './access-probe.ts';
import { setStage, type Surroundings } from './stage.ts';
import { trickle, trickleRate, trickling } from './trickle.ts';

export interface FairnessFigures {
  engine: string;
  workers: number;
  situation: string;
  ingress: Percentiles;
  delays: AccessDelays;
  /** Of the organization that floods. */
  floodPerSecond: number | null;
}

const floodConnections = 16;

/** While one organization pushes as fast as it can: what another one feels, compared with when it is alone. */
export async function studyFairness(
  surroundings: Surroundings,
  options: {
    engines: QueueEngine[];
    workers: number[];
    seconds: number;
    floodUsers: number;
  },
): Promise<FairnessFigures[]> {
  const figures: FairnessFigures[] = [];
  for (const engine of options.engines) {
    for (const workers of options.workers) {
      const stage = await setStage(surroundings, { ...engine, workers });
      const [load, flood] = await Promise.all([startLoadProcess(), startLoadProcess()]);
      try {
        const about = { engine: engine.name, workers };
        const changes = trickleRate * options.seconds;
        await trickle(stage, load, await stage.organization(trickling(trickleRate * 2)), 2);
        const idle = await trickle(stage, load, await stage.organization(trickling(changes)), options.seconds);
        await stage.untilQuiet();
        figures.push({ ...about, ...(await idle()), situation: 'alone', floodPerSecond: null });
        const noisy = await stage.organization({ users: options.floodUsers, groups: 20, mapped: true });
        const neighbour = await stage.organization(trickling(changes));
        const flooding = flood.run({
          target: noisy.target,
          workload: 'grant-access',
          parameters: { firstGroup: noisy.first, groups: 20, firstUser: noisy.first },
          connections: floodConnections,
          from: 0,
          durationMs: (options.seconds + 2) * 1_000,
          most: options.floodUsers,
        });
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        const beside = await trickle(stage, load, neighbour, options.seconds);
        const flooded = await flooding;
        await stage.untilQuiet();
        figures.push({
          ...about,
          ...(await beside()),
          situation: 'beside a flood',
          floodPerSecond: (flooded.to * 1_000) / flooded.elapsedMs,
        });
      } finally {
        load.stop();
        flood.stop();
        await stage.stop();
      }
    }
  }
  printTable(
    'Fairness: the neighbour',
    ['', 'ingress p50 ms', 'p99', 'to access p50 ms', 'p99', 'flood changes/s'],
    figures.map(({ engine, workers, situation, ingress, delays, floodPerSecond }) => [
      `${engine}, ${workers} worker${workers === 1 ? '' : 's'}: ${situation}`,
      ...[ingress.p50, ingress.p99, delays.p50, delays.p99].map(digits),
      floodPerSecond === null ? '' : digits(floodPerSecond),
    ]),
  );
  return figures;
}
