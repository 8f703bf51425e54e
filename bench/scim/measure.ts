/** One thing to measure, done once by a call. */
export interface Runner {
  name: string;
  run: () => unknown;
}

/**
 * How long each runner takes compared with the first, from rounds in which all take turns: what else the machine does
 * then weighs on all alike. The median round decides.
 *
 * @returns by name: 1 for the first, 2 for one that takes twice as long; null for one that throws
 */
export async function compare(
  runners: readonly Runner[],
  { rounds, roundMs }: { rounds: number; roundMs: number },
): Promise<Map<string, number | null>> {
  const able: (Runner & { times: number[] })[] = [];
  for (const runner of runners) {
    if (await works(runner)) able.push({ ...runner, times: [] });
  }
  for (let round = 0; round <= rounds; round += 1) {
    // Nobody always follows the same neighbour, whose garbage it might collect.
    for (let turn = 0; turn < able.length; turn += 1) {
      const runner = able[(turn + round) % able.length];
      if (runner === undefined) continue;
      const time = await timePerRun(runner.run, roundMs);
      // The first round warms up.
      if (round > 0) runner.times.push(time);
    }
  }
  const base = median(able[0]?.times ?? []);
  return new Map(
    runners.map(({ name }) => {
      const times = able.find((runner) => runner.name === name)?.times;
      return [name, times === undefined ? null : median(times) / base];
    }),
  );
}

async function works({ run }: Runner): Promise<boolean> {
  try {
    await run();
    return true;
  } catch {
    return false;
  }
}

async function timePerRun(run: () => unknown, leastMs: number): Promise<number> {
  const start = performance.now();
  let runs = 0;
  let elapsed = 0;
  while (elapsed < leastMs) {
    const result = run();
    if (result instanceof Promise) await result;
    runs += 1;
    elapsed = performance.now() - start;
  }
  return elapsed / runs;
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}
