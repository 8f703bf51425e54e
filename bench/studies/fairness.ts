import { setTimeout as sleep } from 'node:timers/promises';
import { activeForMs } from '../../src/rate-limit/recent-activity.ts';
import { startLoadProcess } from '../load/load-process.ts';
import type { Percentiles } from '../measure/statistics.ts';
import { digits, printTable } from '../report.ts';
import type { QueueEngine } from '../servers/queue-engines.ts';
import type { AccessDelays } from './access-probe.ts';
import { setStage, type Stage, type Surroundings } from './stage.ts';
import { trickle, trickleFigures, trickleRate, trickling, type Trickled } from './trickle.ts';

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

/**
 * While one organization pushes as fast as it can: what another one feels, compared with when it is alone. Both in turns,
 * since a p99 is decided by a few changes that met something else on the machine, which comes and goes.
 */
export async function studyFairness(
  surroundings: Surroundings,
  options: {
    engines: QueueEngine[];
    workers: number[];
    rounds: number;
    /** Of the trickle, in each round once alone and once beside the flood. */
    seconds: number;
    floodUsers: number;
  },
): Promise<FairnessFigures[]> {
  const figures: FairnessFigures[] = [];
  for (const engine of options.engines) {
    for (const workers of options.workers) {
      const stage = await setStage(surroundings, { ...engine, workers });
      try {
        figures.push(...(await compare(stage, { engine: engine.name, workers }, options)));
      } finally {
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

async function compare(
  stage: Stage,
  about: Pick<FairnessFigures, 'engine' | 'workers'>,
  { rounds, seconds, floodUsers }: { rounds: number; seconds: number; floodUsers: number },
): Promise<FairnessFigures[]> {
  const [load, flood] = await Promise.all([startLoadProcess(), startLoadProcess()]);
  const alone: Trickled[] = [];
  const beside: Trickled[] = [];
  const flooded = { changes: 0, ms: 0 };
  const organization = () => stage.organization(trickling(trickleRate * seconds));
  try {
    const noisy = await stage.organization({ users: floodUsers, groups: 20, mapped: true });
    let next = 0;
    // The first round warms up.
    for (let round = 0; round <= rounds; round += 1) {
      await stage.untilQuiet();
      // Until then what the flood left behind still counts as somebody else's.
      await sleep(activeForMs + 500);
      const quiet = await trickle(stage, load, await organization(), seconds);
      await stage.untilQuiet();
      const seenAlone = await quiet();

      const neighbour = await organization();
      const flooding = flood.run({
        target: noisy.target,
        workload: 'grant-access',
        parameters: { firstGroup: noisy.first, groups: 20, firstUser: noisy.first },
        connections: floodConnections,
        from: next,
        durationMs: (seconds + 2) * 1_000,
        most: floodUsers - next,
      });
      await sleep(1_000);
      const disturbed = await trickle(stage, load, neighbour, seconds);
      const { from, to, elapsedMs } = await flooding;
      await stage.untilQuiet();
      const seenBeside = await disturbed();
      next = to;
      if (round === 0) continue;
      alone.push(seenAlone);
      beside.push(seenBeside);
      flooded.changes += to - from;
      flooded.ms += elapsedMs;
    }
    return [
      { ...about, situation: 'alone', ...trickleFigures(alone), floodPerSecond: null },
      {
        ...about,
        situation: 'beside a flood',
        ...trickleFigures(beside),
        floodPerSecond: (flooded.changes * 1_000) / flooded.ms,
      },
    ];
  } finally {
    load.stop();
    flood.stop();
  }
}
