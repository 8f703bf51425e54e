import type { LoadProcess } from '../load/load-process.ts';
import { percentiles, type Percentiles } from '../measure/statistics.ts';
import { userId } from '../seed/sample-ids.ts';
import { accessDelays, delaysToAccess, grantedAt, type AccessDelays } from './access-probe.ts';
import type { Stage, StagedOrganization } from './stage.ts';

/** Of a quiet neighbour: one change every 50 ms, as a provider's delta sync sends them. */
export const trickleRate = 20;

/** What was seen of each change, in milliseconds. */
export interface Trickled {
  ingressMs: Float64Array;
  delaysMs: number[];
}

export interface TrickleFigures {
  ingress: Percentiles;
  delays: AccessDelays;
}

/** Of a trickle that was sent in several parts. */
export function trickleFigures(parts: readonly Trickled[]): TrickleFigures {
  return {
    ingress: percentiles(parts.map(({ ingressMs }) => ingressMs)),
    delays: accessDelays(parts.map(({ delaysMs }) => delaysMs)),
  };
}

/** What an organization needs for so many changes of a trickle. */
export function trickling(changes: number) {
  return { users: changes + 10, groups: 5, mapped: true };
}

/** Sends the trickle. @returns what reads what was seen of it, to be called when its jobs are done */
export async function trickle(
  stage: Stage,
  load: LoadProcess,
  { id, first, target }: StagedOrganization,
  seconds: number,
): Promise<() => Promise<Trickled>> {
  const result = await load.run({
    target,
    workload: 'grant-access',
    parameters: { firstGroup: first, groups: 5, firstUser: first },
    connections: 16,
    from: 0,
    durationMs: seconds * 1_000,
    most: trickleRate * seconds,
    ratePerSecond: trickleRate,
  });
  return async () => {
    const granted = await grantedAt(stage.databaseUrl, [stage.workspaceOf(id)]);
    return {
      ingressMs: result.latenciesMs,
      delaysMs: delaysToAccess(result.answeredAt, (position) => userId(first + position), granted),
    };
  };
}
