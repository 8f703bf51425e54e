import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../../..');

/** The source of an earlier version, to be run beside this one. */
export interface EarlierVersion {
  /** Abbreviated commit. */
  commit: string;
  /** Words that start it, after `node`. */
  program: string[];
  remove(): Promise<void>;
}

/** Not every commit in a history starts by itself; so many are tried. */
const candidates = 12;

/**
 * Unpacks the earlier version beside this one's dependencies. It runs straight from its source.
 *
 * The newest commit before the one that last changed the schema, and of those the first that starts: it knows nothing of
 * the newest migration, so that running on the migrated schema means something.
 *
 * @throws Error where the history is not there, or nothing in it starts
 */
export async function unpackEarlierVersion(): Promise<EarlierVersion> {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-earlier-'));
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    for (const commit of await earlierCommits()) {
      const source = join(directory, commit);
      const archive = `${source}.tar`;
      await mkdir(source);
      await run('git', ['archive', '--output', archive, commit], { cwd: root });
      await run('tar', ['-xf', archive, '-C', source]);
      await symlink(join(root, 'node_modules'), join(source, 'node_modules'));
      const program = ['--import', join(root, 'node_modules/tsx/dist/loader.mjs'), join(source, 'src/main.ts')];
      const starts = await run(process.execPath, [...program, '--help']).then(
        () => true,
        () => false,
      );
      if (starts) return { commit, program, remove };
    }
    throw new Error('no earlier version in the history of the repository starts');
  } catch (error) {
    await remove();
    throw error;
  }
}

async function earlierCommits(): Promise<string[]> {
  const git = async (...words: string[]): Promise<string> => (await run('git', words, { cwd: root })).stdout.trim();
  const changed = await git('log', '-1', '--format=%h', '--', 'migrations');
  if (changed === '') throw new Error('the history of the repository is needed for an earlier version');
  return (await git('log', `-${candidates}`, '--format=%h', `${changed}^`)).split('\n');
}
