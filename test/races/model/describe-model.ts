import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isMissing, type EngineName } from '../../support/service.ts';
import { openStage, type Stage } from '../stage.ts';
import { Tenant } from '../tenant.ts';
import { addWorkspace, adminCommands, resyncCommands, saveMapping } from './admin-commands.ts';
import type { WorldCommand } from './command.ts';
import { contradictions } from './final-state.ts';
import { createGroup, createUser, scimCommands } from './scim-commands.ts';
import { defaultRole, World } from './world.ts';

/** Runs and the seed of the first, from the environment; `test/races/run-full.ts` sets them. */
const seeds = Number(process.env['MODEL_SEEDS'] ?? '4');
const firstSeed = Number(process.env['MODEL_SEED'] ?? '1');

/** Clients at work at the same time in one run. */
const clients = 4;

/**
 * How much each does at most in the rounds of one run. Everything is judged when a round has become quiet: in a long
 * one much happens at once, but a later change of the same user brings a job that mends what an earlier one forgot; in
 * a short one after that every change has to bring its own.
 */
const commandsPerRound = [16, 2, 2, 2];

/** Runs at the same time, each in an organization of its own. */
const lanes = Number(process.env['MODEL_LANES'] ?? '3');

/** One run is well below a second on an idle machine; this is for one that is not. */
const patienceMs = 20_000;

/** How many runs between two signs of life. */
const runsPerReport = 50;

/** What each client does, round by round. */
type Rounds = Iterable<WorldCommand>[][];

function rounds(commands: fc.WeightedArbitrary<WorldCommand>[]): fc.Arbitrary<Rounds> {
  // Without the bias that makes the first cases of a property small: every seed is a first case here.
  const sequence = (maxCommands: number) =>
    fc.noBias(fc.commands([fc.oneof(...commands)], { maxCommands, size: 'max', disableReplayLog: true }));
  return fc.tuple(
    ...commandsPerRound.map((most) => fc.tuple(...Array.from({ length: clients }, () => sequence(most)))),
  );
}

const usual = [...scimCommands, ...adminCommands];
const arbitraryRounds = fc.oneof(rounds(usual), rounds([...usual, ...resyncCommands]));

/**
 * The whole system under generated sequences of several clients at once, over HTTP, on one engine. The seed decides what
 * each does and who goes first whenever several are ready; how long Postgres takes for each is real. When it is quiet,
 * access has to be what the oracle says, and what is stored what the clients were told.
 */
export function describeModel(engine: EngineName): void {
  describe.skipIf(isMissing(engine))(`concurrent clients, queues on ${engine}`, () => {
    let stage: Stage;
    beforeAll(async () => {
      stage = await openStage(engine);
    });
    afterAll(async () => {
      if (seeds > runsPerReport) console.log(`${engine}: Postgres resolved ${await stage.deadlocks()} deadlocks`);
      await stage.close();
    });

    const property = fc.asyncProperty(fc.scheduler(), arbitraryRounds, (scheduler, commands) =>
      runOnce(stage, scheduler, commands),
    );

    test(
      `${seeds} runs from seed ${firstSeed} end as the oracle and the clients' own histories say`,
      { timeout: seeds * patienceMs },
      async () => {
        let next = firstSeed;
        const lane = async (): Promise<void> => {
          while (next < firstSeed + seeds) {
            const seed = next;
            next += 1;
            const done = seed - firstSeed;
            if (done > 0 && done % runsPerReport === 0) console.log(`${engine}: ${done} of ${seeds} runs`);
            // Not shrunk: what Postgres does first is not in the seed, so a smaller run proves nothing about this one.
            const details = await fc.check(property, { seed, numRuns: 1, endOnFailure: true });
            if (details.failed) throw failure(engine, seed, details);
          }
        };
        await Promise.all(Array.from({ length: lanes }, lane));
      },
    );
  });
}

async function runOnce(stage: Stage, scheduler: fc.Scheduler, rounds: Rounds): Promise<void> {
  const tenant = await Tenant.create(stage);
  const world = new World(scheduler);
  await scheduler.waitFor(populate(world, tenant));
  for (const commands of rounds) {
    const running = Promise.allSettled(
      commands.map((sequence) => fc.asyncModelRun(() => ({ model: world, real: tenant }), sequence)),
    );
    await scheduler.waitFor(running);
    const failed = (await running).flatMap((client) =>
      client.status === 'rejected' ? [client.reason as unknown] : [],
    );
    if (failed.length > 0) throw failed[0];
    await tenant.settle({ manualChanges: true });
    expect(await contradictions(tenant, world)).toEqual([]);
  }
}

/** What is there when the clients begin. */
async function populate(world: World, tenant: Tenant): Promise<void> {
  world.history.acknowledge(world.history.send(), [[defaultRole, 'viewer']]);
  const beginning = [
    ...[0, 1, 2, 3].map(createUser),
    ...[0, 1].map(addWorkspace),
    createGroup(0, [0, 1]),
    createGroup(1, [1, 2]),
    saveMapping(0, [0], 'developer'),
    saveMapping(1, [0, 1], null),
  ];
  for (const step of beginning) await step.run(world, tenant);
}

function failure(engine: EngineName, seed: number, details: fc.RunDetails<[fc.Scheduler, Rounds]>): Error {
  const [, ran] = details.counterexample ?? [];
  const lines = (ran ?? []).flatMap((commands, round) =>
    commands.map((sequence, client) => `round ${round + 1}, client ${client + 1}: ${fc.stringify(sequence)}`),
  );
  return new Error(
    [
      `seed ${seed} failed; once more: npm run test:races:full -- --only model --engine ${engine} --seed ${seed} --seeds 1`,
      ...lines,
    ].join('\n'),
    { cause: details.errorInstance },
  );
}
