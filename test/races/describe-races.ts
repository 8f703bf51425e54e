import { afterAll, beforeAll, describe, test } from 'vitest';
import { isMissing, type EngineName } from '../support/service.ts';
import { accessRaces } from './access-races.ts';
import { directoryRaces } from './directory-races.ts';
import { queueRaces } from './queue-races.ts';
import { createScene, type Race } from './race.ts';
import { openStage, type Stage } from './stage.ts';
import { Tenant } from './tenant.ts';

/** Repetitions of each race, from the environment; `test/races/run-full.ts` sets it. */
const times = Number(process.env['RACES_TIMES'] ?? '2');

/** Only races whose id or title holds this text. */
const only = process.env['RACES_ONLY'] ?? '';

/** One repetition is well below a second on an idle machine; this is for one that is not. */
const patienceMs = 15_000;

/** How many repetitions between two signs of life. */
const repetitionsPerReport = 50;

const byNumber = (a: Race, b: Race): number => Number(a.id.slice(1)) - Number(b.id.slice(1));

/** The races of the catalogue, R1 to R14, on one engine: each forced, each repeated, each in an organization of its own. */
export function describeRaces(engine: EngineName): void {
  const races = [...directoryRaces, ...accessRaces, ...queueRaces]
    .toSorted(byNumber)
    .filter(({ id, title }) => `${id}: ${title}`.includes(only));
  describe.skipIf(isMissing(engine))(`races, queues on ${engine}`, () => {
    let stage: Stage;
    beforeAll(async () => {
      stage = await openStage(engine);
    });
    afterAll(async () => {
      if (times > 10) console.log(`${engine}: Postgres resolved ${await stage.deadlocks()} deadlocks`);
      await stage.close();
    });

    test.each(races.map((race) => [`${race.id}: ${race.title}`, race] as const))(
      `%s (${times} times)`,
      { timeout: times * patienceMs },
      async (_name, { id, run }) => {
        for (let repetition = 1; repetition <= times; repetition += 1) {
          const tenant = await Tenant.create(stage);
          try {
            await run(createScene(stage, tenant));
            await tenant.settle();
          } catch (error) {
            throw new Error(`in repetition ${repetition} of ${times}`, { cause: error });
          }
          if (repetition % repetitionsPerReport === 0) console.log(`${engine} ${id}: ${repetition} of ${times}`);
        }
      },
    );
  });
}
