import { execFile } from 'node:child_process';
import { chown, lchown, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { postgresEnvironment, type PostgresLaunch } from './postgres-launch.ts';
import { StartupError } from './startup-error.ts';

/**
 * Makes the database's files aside and moves them into place when they are whole, so that a start that was cut short
 * leaves nothing that looks like a database.
 */
export async function createPostgresFiles(options: {
  binaries: PostgresBinaries;
  launch: PostgresLaunch;
  directory: string;
  /** The superuser. */
  user: string;
  password: string;
}): Promise<void> {
  const { binaries, launch, directory, user, password } = options;
  const draft = `${directory}.incomplete`;
  const passwordDraft = `${draft}-password`;
  await rm(draft, { recursive: true, force: true });
  await writeFile(passwordDraft, password, { mode: 0o600 });
  if (launch.fileOwner !== null) await chown(passwordDraft, launch.fileOwner, launch.fileOwner);
  try {
    const words = [
      ...launch.prefix,
      binaries.initdb,
      ...['-D', draft, `--username=${user}`, `--pwfile=${passwordDraft}`, '--auth=scram-sha-256'],
      ...['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
    ];
    await promisify(execFile)(words[0] ?? binaries.initdb, words.slice(1), { env: postgresEnvironment() });
    await rename(draft, directory);
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    const lines = (stderr ?? message).split('\n').filter((line) => /error|fatal|could not/i.test(line));
    throw new StartupError(`The embedded database could not be created in ${directory}: ${lines[0] ?? message}`, {
      cause: error,
    });
  } finally {
    await rm(passwordDraft, { force: true });
  }
}

/** Makes `owner` (a uid) the owner of the database's files. */
export async function givePostgresFiles(directory: string, owner: number): Promise<void> {
  await chown(directory, owner, owner);
  for (const entry of await readdir(directory, { recursive: true })) {
    await lchown(join(directory, entry), owner, owner);
  }
}
