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

/**
 * The commit before the one that last changed the schema: the newest version that knows nothing of the newest migration,
 * and so the one for which running on the migrated schema means something.
 *
 * @returns undefined where the history is not there
 */
async function findEarlierCommit(): Promise<string | undefined> {
  try {
    const { stdout } = await run('git', ['log', '-1', '--format=%h', '--', 'migrations'], { cwd: root });
    const { stdout: parent } = await run('git', ['rev-parse', '--short', `${stdout.trim()}^`], { cwd: root });
    return parent.trim();
  } catch {
    return undefined;
  }
}

/**
 * Unpacks the earlier version beside this one's dependencies. It runs straight from its source.
 *
 * @throws Error where the history is not there
 */
export async function unpackEarlierVersion(): Promise<EarlierVersion> {
  const commit = await findEarlierCommit();
  if (commit === undefined) throw new Error('the history of the repository is needed for an earlier version');
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-earlier-'));
  const archive = join(directory, 'source.tar');
  const source = join(directory, 'source');
  await mkdir(source);
  await run('git', ['archive', '--output', archive, commit], { cwd: root });
  await run('tar', ['-xf', archive, '-C', source]);
  await symlink(join(root, 'node_modules'), join(source, 'node_modules'));
  return {
    commit,
    program: ['--import', join(root, 'node_modules/tsx/dist/loader.mjs'), join(source, 'src/main.ts')],
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
