import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWorkspaces, mapGroups } from '../../src/cli/demo/map-groups.ts';
import { createRestClient, type RestClient } from '../../src/cli/rest-client.ts';
import { expectNoDrift } from '../support/access-oracle.ts';
import { engines, isMissing, startService, type TestService } from '../support/service.ts';
import { play } from './player/play.ts';
import { reportOfFailures } from './player/report.ts';
import { readScenarios } from './player/scenario.ts';

/** Hundreds of users take their time on a busy machine. */
const playTimeoutMs = 120_000;

/**
 * Registers a test for each scenario of a folder on each queue engine: every step passes, none is skipped, and access
 * follows the groups after each of them.
 *
 * @param atLeast how many scenarios there must be, so that an empty folder is not a success
 */
export function describeScenarios(folder: URL, { atLeast }: { atLeast: number }): void {
  const scenarios = readScenarios(folder).map(({ name, scenario }) => [name, scenario] as const);

  test('there are scenarios to play', () => {
    expect(scenarios.length).toBeGreaterThanOrEqual(atLeast);
  });

  for (const engine of engines) {
    describe.skipIf(isMissing(engine))(`on the ${engine} engine`, () => {
      let service: TestService;
      let client: RestClient;

      beforeAll(async () => {
        service = await startService({ engine });
        client = createRestClient(service);
      });
      afterAll(() => service.close());

      test.each(scenarios)(
        '%s passes, and access follows every step',
        async (name, scenario) => {
          // Several providers here send a login name that is no address.
          const { id: organizationId, baseUrl, token } = await service.organization({ name, userNameFormat: 'any' });
          const workspaceIds = await createWorkspaces(client, organizationId);
          const results = await play(scenario, {
            baseUrl,
            token,
            // Every state that the provider leaves behind must turn into access, also the ones that its next step undoes.
            async afterStep({ method, path }) {
              if (method === 'GET') return;
              if (method === 'POST' && path === '/Groups') await mapGroups(client, organizationId, workspaceIds);
              await service.quiet();
              await expectNoDrift(service.db, organizationId);
            },
          });
          expect(reportOfFailures(results)).toBe('');
          expect(results.filter(({ outcome }) => outcome === 'skipped')).toEqual([]);
        },
        playTimeoutMs,
      );
    });
  }
}
