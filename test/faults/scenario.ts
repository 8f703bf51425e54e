import type { Random } from '../../src/cli/simulate/random.ts';
import type { Cluster, ClusterOptions, EngineName } from './harness/cluster.ts';
import type { Traffic } from './traffic/traffic.ts';

/** The faults of the catalogue that can be injected on one Linux machine. */
export type FaultId =
  'F1' | 'F2' | 'F3' | 'F4' | 'F5' | 'F6' | 'F7' | 'F8' | 'F9' | 'F10' | 'F11' | 'F12' | 'F13' | 'F14' | 'F15';

/**
 * One fault, and how to inject it. `run-scenario.ts` does everything else: it starts the cluster, makes organizations,
 * lets the traffic run, calls `inject`, lets the traffic run a little longer, starts whatever does not run any more,
 * waits for quiet (at most 60 s from the end of `inject`), and checks I1-I9. So `inject` only has to
 *
 * - wait until the traffic flows: `await context.traffic.progress(30)`,
 * - do the damage, `times` of it, and **end it** before it returns (thaw, heal, free what it holds),
 * - and complain about what it saw meanwhile: `context.violation('F6: ...')`. `context.traffic.exchanges` holds every
 *   request with status, duration and Retry-After. An answer that a client must not get (500, an unexpected 4xx) is a
 *   violation without its doing.
 */
export interface Scenario {
  id: FaultId;
  /** Unique; shown in names of tests and by the runner: `kills an api process at a syscall`. */
  name: string;
  /** Left out: both. */
  engines?: readonly EngineName[];
  /** How often the fault is injected on each engine by `npm test`, and by `npm run test:faults:full`. */
  times: { small: number; full: number };
  /** The one engine on which `npm test` injects it, where the fault is not about one of them; left out: each. */
  smallOn?: EngineName;
  /** How many of these one round injects, between one set-up and one check. Left out: 1. */
  perRound?: number;
  /** Programs that must be there, such as `strace`; without them the scenario is skipped by name. */
  needs?: readonly string[];
  /** Whether it needs root. */
  needsRoot?: boolean;
  /** How its cluster differs; scenarios that leave it out share one. Cluster and what belongs to it is made anew per engine. */
  cluster?: (engine: EngineName) => Promise<Omit<ClusterOptions, 'engine'> & { cleanUp?: () => Promise<unknown> }>;
  /** Whether Postgres is among what suffers: the FAILED entry of a refused write may then be missing (I7). */
  disturbsPostgres?: boolean;
  /** How long quiet may take after the end of the fault. Left out: 60 s, the promise. */
  quietWithinMs?: number;
  inject: (context: FaultContext) => Promise<void>;
  /** More damage when everything is quiet, before the judgement; it has to end in quiet again. */
  afterQuiet?: (context: FaultContext) => Promise<void>;
}

export interface FaultContext {
  cluster: Cluster;
  traffic: Traffic;
  /** Choices of this round: the same seed repeats them. */
  random: Random;
  /** How often the fault is to be injected in this round. */
  times: number;
  /** Something that must not be; the round fails. */
  violation: (problem: string) => void;
  /** A figure for the report: added up over the rounds, or with `worst` the largest of them. */
  count: (name: string, value?: number, how?: 'sum' | 'worst') => void;
}
