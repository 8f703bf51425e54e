import { access, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where the packages of Debian and its kin put it, by architecture. */
const libraries = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map(
  (architecture) => `/usr/lib/${architecture}/faketime/libfaketimeMT.so.1`,
);

export interface SteppedClock {
  /** For the environment of the one process whose clock this is. */
  readonly environment: Record<string, string>;
  /** Moves its wall clock to so many seconds off the truth; monotonic time goes on evenly, as after a real step. */
  step(offsetSeconds: number): Promise<void>;
  remove(): Promise<void>;
}

/** The library that fakes a process' clock, if it is installed. */
export async function findFaketime(): Promise<string | undefined> {
  for (const library of libraries) {
    const isThere = await access(library).then(
      () => true,
      () => false,
    );
    if (isThere) return library;
  }
  return undefined;
}

/** A clock for one process, right until it is stepped. */
export async function createClock(library: string): Promise<SteppedClock> {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-clock-'));
  const file = join(directory, 'offset');
  const step = async (offsetSeconds: number): Promise<void> => {
    // Moved into place, so that nobody reads half of it.
    await writeFile(`${file}.new`, `${offsetSeconds < 0 ? '' : '+'}${offsetSeconds}\n`);
    await rename(`${file}.new`, file);
  };
  await step(0);
  return {
    environment: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      // The file is looked at whenever the time is asked for: a step is seen at once.
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
    step,
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
