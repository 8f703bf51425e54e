import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Cluster, EngineName } from './harness/cluster.ts';
import { describeFailure, missingFor, runRound, startClusterFor } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';

/** A round takes some seconds; a recovery may take a minute each. */
const timeoutMs = 180_000;

/**
 * The small number of each scenario as tests, on both engines unless it says otherwise. Scenarios of one file that need no cluster of their own
 * share one, and run one after the other.
 */
export function faultTests(scenarios: readonly Scenario[]): void {
  for (const engine of ['postgres', 'redis'] as const) {
    const here = scenarios.filter(
      ({ engines, smallOn = engine, times }) =>
        times.small > 0 && smallOn === engine && (engines?.includes(engine) ?? true),
    );
    const sharing = here.filter(({ cluster }) => cluster === undefined);
    const groups = [sharing, ...here.filter(({ cluster }) => cluster !== undefined).map((one) => [one])];
    for (const group of groups.filter(({ length }) => length > 0)) onOneCluster(group, engine);
  }
}

function onOneCluster(scenarios: readonly Scenario[], engine: EngineName): void {
  const isMissing = (scenario: Scenario): boolean => missingFor(scenario, engine) !== null;
  const possible = scenarios.filter((scenario) => !isMissing(scenario));
  const [first] = possible;

  describe(`faults, queues in ${engine}`, () => {
    let cluster: Cluster | undefined;
    beforeAll(async () => {
      if (first !== undefined) cluster = await startClusterFor(first, engine);
    }, timeoutMs);
    afterAll(() => cluster?.close(), timeoutMs);

    for (const scenario of scenarios) {
      const { id, name, times, perRound = 1 } = scenario;
      test.skipIf(isMissing(scenario))(
        `${id} ${name}: nothing is lost, nobody is let in`,
        { timeout: timeoutMs },
        async () => {
          if (cluster === undefined) throw new Error('the cluster has not started');
          for (let done = 0; done < times.small; done += perRound) {
            const seed = `${id}-${Date.now() % 1_000_000}`;
            const count = Math.min(perRound, times.small - done);
            const result = await runRound(scenario, cluster, { seed, times: count });
            expect(result.violations, describeFailure(scenario, engine, result, count)).toEqual([]);
          }
        },
      );
    }
  });
}
