import type { LoadProcess } from '../load/load-process.ts';
import { percentiles, type Percentiles } from '../measure/statistics.ts';
import { userId } from '../seed/sample-ids.ts';
import { accessDelays, grantedAt, type AccessDelays } from './access-probe.ts';
import type { Stage, StagedOrganization } from './stage.ts';

/** Of a quiet neighbour: one change every 50 ms, as a provider's delta sync sends them. */
export const trickleRate = 20;

export interface Trickled {
  ingress: Percentiles;
  delays: AccessDelays;
}

/** What an organization needs for so many changes of a trickle. */
export function trickling(changes: number) {
  return { users: changes + 10, groups: 5, mapped: true };
}

/** Sends the trickle. @returns what reads its figures, to be called when its jobs are done */
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
      ingress: percentiles([result.latenciesMs]),
      delays: accessDelays(result.answeredAt, (position) => userId(first + position), granted),
    };
  };
}
