import { setTimeout as sleep } from 'node:timers/promises';
import { activeForMs } from '../../src/rate-limit/recent-activity.ts';
import { startLoadProcess } from '../load/load-process.ts';
import { median, type Percentiles } from '../measure/statistics.ts';
import { digits, printTable } from '../report.ts';
import type { QueueEngine } from '../servers/queue-engines.ts';
import type { AccessDelays } from './access-probe.ts';
import { setStage, type Stage, type StagedOrganization, type Surroundings } from './stage.ts';
import { trickle, trickleFigures, trickleRate, trickling, type Trickled } from './trickle.ts';

export interface FairnessFigures {
  engine: string;
  workers: number;
  situation: string;
  ingress: Percentiles;
  delays: AccessDelays;
  /** The p99 of what it is alone, by the median of the rounds. */
  ofAlone: { ingress: number; access: number } | null;
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
    [
      '',
      'ingress p50 ms',
      'p99',
      'of alone, by rounds',
      'to access p50 ms',
      'p99',
      'of alone, by rounds',
      'flood changes/s',
    ],
    figures.map(({ engine, workers, situation, ingress, delays, ofAlone, floodPerSecond }) => [
      `${engine}, ${workers} worker${workers === 1 ? '' : 's'}: ${situation}`,
      digits(ingress.p50),
      digits(ingress.p99),
      ofAlone === null ? '' : digits(ofAlone.ingress),
      digits(delays.p50),
      digits(delays.p99),
      ofAlone === null ? '' : digits(ofAlone.access),
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
  const flooded = { next: 0, changes: 0, ms: 0 };
  /** Two organizations, one for the second that is not looked at; made before anything runs, because that waits for quiet. */
  const neighbours = async () => ({
    warming: await stage.organization(trickling(trickleRate)),
    neighbour: await stage.organization(trickling(trickleRate * seconds)),
  });
  const trickled = async ({ warming, neighbour }: Awaited<ReturnType<typeof neighbours>>) => {
    await trickle(stage, load, warming, 1);
    return trickle(stage, load, neighbour, seconds);
  };
  const measureAlone = async (): Promise<Trickled> => {
    const read = await trickled(await neighbours());
    await stage.untilQuiet();
    return read();
  };
  const measureBeside = async (noisy: StagedOrganization): Promise<{ seen: Trickled; changes: number; ms: number }> => {
    const from = flooded.next;
    const quiet = await neighbours();
    const begunAt = performance.now();
    const flooding = flood.run({
      target: noisy.target,
      workload: 'grant-access',
      parameters: { firstGroup: noisy.first, groups: 20, firstUser: noisy.first },
      connections: floodConnections,
      from,
      durationMs: (seconds + 4) * 1_000,
      most: floodUsers - from,
    });
    await sleep(1_000);
    const read = await trickled(quiet);
    const trickledMs = performance.now() - begunAt;
    const { to, elapsedMs } = await flooding;
    if (elapsedMs < trickledMs) throw new Error('the flood ended before the trickle');
    flooded.next = to;
    await stage.untilQuiet();
    return { seen: await read(), changes: to - from, ms: elapsedMs };
  };
  try {
    const noisy = await stage.organization({ users: floodUsers, groups: 20, mapped: true });
    await stage.client.query('VACUUM (ANALYZE) users, groups, group_members');
    // The first round warms up; then each of the two comes first in every other one.
    for (let round = 0; round <= rounds; round += 1) {
      for (const isBeside of round % 2 === 0 ? [false, true] : [true, false]) {
        // Until then what the flood left behind still counts as somebody else's.
        await sleep(activeForMs + 500);
        if (!isBeside) {
          const seen = await measureAlone();
          if (round === 0) continue;
          alone.push(seen);
        } else {
          const { seen, changes, ms } = await measureBeside(noisy);
          if (round === 0) continue;
          beside.push(seen);
          flooded.changes += changes;
          flooded.ms += ms;
        }
      }
    }
    return [
      { ...about, situation: 'alone', ...trickleFigures(alone), ofAlone: null, floodPerSecond: null },
      {
        ...about,
        situation: 'beside a flood',
        ...trickleFigures(beside),
        ofAlone: ratios(beside, alone),
        floodPerSecond: (flooded.changes * 1_000) / flooded.ms,
      },
    ];
  } finally {
    load.stop();
    flood.stop();
  }
}

/** Of the p99 in each round, that beside the flood of that alone: the median of these. */
function ratios(beside: readonly Trickled[], alone: readonly Trickled[]): FairnessFigures['ofAlone'] {
  const p99 = (what: 'ingress' | 'delays', seen: Trickled | undefined) =>
    seen === undefined ? Number.NaN : trickleFigures([seen])[what].p99;
  const of = (what: 'ingress' | 'delays') =>
    median(beside.map((seen, round) => p99(what, seen) / p99(what, alone[round])));
  return { ingress: of('ingress'), access: of('delays') };
}
