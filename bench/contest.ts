import type { Contender } from './contenders/contender.ts';
import type { LoadProcess } from './load/load-process.ts';
import { measureTurn, type Turn } from './measure/measure-turn.ts';
import { median, percentiles, sum, type Percentiles } from './measure/statistics.ts';
import type { AnyWorkload } from './workloads/all.ts';
import type { Sizes } from './workloads/workload.ts';

export interface Pace {
  rounds: number;
  turnMs: number;
  warmUpMs: number;
}

/** One contender at one workload and one number of connections. CPU is in milliseconds per request. */
export interface Standing {
  contender: string;
  requests: number;
  /** Of the median round. */
  perSecond: number;
  latencyMs: Percentiles;
  serviceCpuMs: number;
  postgresCpuMs: number;
  workerCpuMs: number;
  /** The share of one core that the load process used: near 1 it would be what is measured. */
  loadCpuShare: number;
  serviceMemoryMb: number;
  workerMemoryMb: number;
  /** The longest that a turn's jobs took after its last answer. */
  doneAfterMs: number;
  /** The median over rounds of this contender's rate divided by the other's in the same round. */
  ofCeiling: number | null;
  ofLimit: number | null;
  ofPolis: number | null;
  /** The same of another checkout's, with or without a worker as this one. */
  ofBefore: number | null;
}

export interface Contest {
  workload: string;
  title: string;
  connections: number;
  standings: Standing[];
}

/** Tells every turn of the run apart. */
let turns = 0;

/**
 * All contenders take turns in every round, each round beginning with another one, so that whatever else the machine
 * does weighs on all of them; then medians are compared.
 */
export async function runContest(options: {
  workload: AnyWorkload;
  contenders: readonly Contender[];
  load: LoadProcess;
  postgresPid: number;
  sizes: Sizes;
  connections: number;
  pace: Pace;
}): Promise<Contest> {
  const { workload, contenders, connections, pace, ...rest } = options;
  const entrants = contenders.map((contender) => ({ contender, next: 0, turns: [] as Turn[] }));
  for (let round = 0; round <= pace.rounds; round += 1) {
    for (let position = 0; position < entrants.length; position += 1) {
      const entrant = entrants[(position + round) % entrants.length];
      if (entrant === undefined) continue;
      turns += 1;
      const { turn, next } = await measureTurn({
        ...rest,
        workload,
        connections,
        contender: entrant.contender,
        // The first round warms up.
        durationMs: round === 0 ? pace.warmUpMs : pace.turnMs,
        from: entrant.next,
        turn: turns,
      });
      entrant.next = next;
      if (round > 0) entrant.turns.push(turn);
    }
  }
  const ratesOf = (name: string) => entrants.find(({ contender }) => contender.name === name)?.turns.map(rateOf);
  const ratio = (own: readonly number[], others: readonly number[] | undefined) =>
    others === undefined ? null : median(own.map((rate, round) => rate / (others[round] ?? Number.NaN)));
  return {
    workload: workload.name,
    title: workload.title,
    connections,
    standings: entrants.map(({ contender, turns: own }) => ({
      ...summaryOf(contender.name, own),
      ofCeiling: ratio(own.map(rateOf), ratesOf('ceiling')),
      ofLimit: ratio(own.map(rateOf), ratesOf('limit')),
      ofPolis: ratio(own.map(rateOf), ratesOf('polis')),
      ofBefore: contender.name.startsWith('rollcall')
        ? ratio(own.map(rateOf), ratesOf(contender.name.replace('rollcall', 'before')))
        : null,
    })),
  };
}

function rateOf({ operations, elapsedMs }: Turn): number {
  return (operations * 1_000) / elapsedMs;
}

function summaryOf(contender: string, turnsOf: readonly Turn[]): Omit<Standing, `of${string}`> {
  const requests = sum(turnsOf.map(({ operations }) => operations));
  const perRequest = (part: (turn: Turn) => number) => sum(turnsOf.map(part)) / requests;
  return {
    contender,
    requests,
    perSecond: median(turnsOf.map(rateOf)),
    latencyMs: percentiles(turnsOf.map(({ latenciesMs }) => latenciesMs)),
    serviceCpuMs: perRequest((turn) => turn.serviceCpuMs),
    postgresCpuMs: perRequest((turn) => turn.postgresCpuMs),
    workerCpuMs: perRequest((turn) => turn.workerCpuMs),
    loadCpuShare: sum(turnsOf.map(({ loadCpuMs }) => loadCpuMs)) / sum(turnsOf.map(({ elapsedMs }) => elapsedMs)),
    serviceMemoryMb: Math.max(...turnsOf.map(({ serviceMemoryMb }) => serviceMemoryMb)),
    workerMemoryMb: Math.max(...turnsOf.map(({ workerMemoryMb }) => workerMemoryMb)),
    doneAfterMs: Math.max(...turnsOf.map(({ doneAfterMs }) => doneAfterMs)),
  };
}
