import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { StartupError } from './startup-error.ts';

const run = promisify(execFile);

/** How a Postgres program is started by this user on this system. */
export interface PostgresLaunch {
  /** The words before the program's own path; none: it is started directly. */
  prefix: string[];
  /** The user that must own the files of the database; null: the one who runs this process. */
  fileOwner: number | null;
}

/** What `nobody` is on Linux; Postgres refuses to run as root. */
const nobody = 65_534;

/**
 * Postgres is told to stop by the system itself when this process ends in whatever way: after a `kill -9` nothing is
 * left behind. (INT is its "fast shutdown".)
 */
const stopWithParent = ['setpriv', '--pdeathsig', 'INT'];

/**
 * Chooses the first way that works here, by trying each on `postgres --version`.
 *
 * - An ordinary user starts it directly.
 * - Root enters a user namespace in which it is `nobody`: no user has to exist, any directory will do, and the files
 *   stay root's.
 * - Where such namespaces are forbidden (many containers), root becomes `nobody` for real and takes along the one
 *   capability to pass directories that only root may enter; the files of the database are given to that user.
 *
 * @param fileOwner who owns the existing files of the database; null when there are none yet
 */
export async function choosePostgresLaunch(postgres: string, fileOwner: number | null): Promise<PostgresLaunch> {
  const failures: string[] = [];
  for (const launch of candidates(fileOwner)) {
    const [command, ...words] = [...launch.prefix, postgres, '--version'];
    try {
      await run(command, words, { env: postgresEnvironment(), timeout: 10_000 });
      return launch;
    } catch (error) {
      const { stderr, message } = error as Error & { stderr?: string };
      failures.push((stderr ?? '').trim().split('\n').at(-1) || message.split('\n')[0] || 'unknown');
    }
  }
  const remedy =
    process.getuid?.() === 0
      ? 'start as an ordinary user, or set DATABASE_URL'
      : 'set DATABASE_URL to another Postgres';
  throw new StartupError(`The embedded Postgres cannot be started here (${failures.join('; ')}): ${remedy}.`);
}

function candidates(fileOwner: number | null): PostgresLaunch[] {
  const isRoot = process.getuid?.() === 0;
  if (!isRoot) {
    const direct: PostgresLaunch = { prefix: [], fileOwner: null };
    return process.platform === 'linux' ? [{ prefix: stopWithParent, fileOwner: null }, direct] : [direct];
  }
  const inNamespace: PostgresLaunch = {
    prefix: ['unshare', '-U', `--map-user=${nobody}`, `--map-group=${nobody}`, ...stopWithParent],
    fileOwner: null,
  };
  const owner = fileOwner === null || fileOwner === 0 ? nobody : fileOwner;
  const asOwner: PostgresLaunch = {
    prefix: [
      ...stopWithParent,
      `--reuid=${owner}`,
      `--regid=${owner}`,
      '--clear-groups',
      '--inh-caps=+dac_override',
      '--ambient-caps=+dac_override',
    ],
    fileOwner: owner,
  };
  // Files that already belong to somebody else can only be used as that user.
  return fileOwner === null || fileOwner === 0 ? [inNamespace, asOwner] : [asOwner];
}

/** Only what Postgres needs: variables such as PGDATA or PGPORT of the caller would change what it does. */
export function postgresEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
}
