import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { polisPackage, polisVersion } from './library.ts';

const withinMs = 180_000;

/** Nothing that it brings along is run; what is optional and what only its developers need stays away. */
const flags = ['--ignore-scripts', '--omit=dev', '--omit=optional', '--no-audit', '--no-fund', '--loglevel=error'];

/**
 * Has the library below the system's directory for temporary files, where the next run finds it again. It is no
 * dependency of the project: it brings 250 MB along.
 *
 * @returns the directory that it is installed in
 * @throws where it cannot be had, with a reason of one line
 */
export async function installPolis(): Promise<string> {
  const { uid } = userInfo();
  const directory = join(tmpdir(), `rollcall-bench-polis-${polisVersion}-${uid}`);
  if (existsSync(directory)) {
    // Anybody may make a directory there, and what is in it is run.
    if ((await stat(directory)).uid !== uid) throw new Error(`${directory} belongs to somebody else`);
    return directory;
  }
  // What is half installed never has the name that is looked for.
  const unfinished = await mkdtemp(`${directory}-`);
  try {
    const words = ['install', '--prefix', unfinished, ...flags, `${polisPackage}@${polisVersion}`];
    await promisify(execFile)('npm', words, { cwd: unfinished, timeout: withinMs });
    await rename(unfinished, directory);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw new Error(reasonOf(error), { cause: error });
  }
  return directory;
}

/** The first line of what npm writes that says what happened, not only a code for it. */
function reasonOf(error: unknown): string {
  const { killed, stderr } = error as { killed?: boolean; stderr?: string };
  if (killed === true) return `npm did not install it within ${withinMs / 1_000} seconds`;
  const line = stderr?.split('\n').find((each) => each.trim() !== '' && !/^npm error (code|errno|syscall)/.test(each));
  return `npm could not install it (${line?.replace(/^npm error /, '') ?? String(error)})`;
}
