import { spawn } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDataDirectory, readAdminKey } from '../../src/platform/data-directory.ts';
import { startOf } from '../../src/platform/process-table.ts';
import { StartupError } from '../../src/platform/startup-error.ts';
import { temporaryDirectory } from '../support/processes.ts';

let directory: { path: string; remove(): Promise<void> };
beforeAll(async () => {
  directory = await temporaryDirectory();
});
afterAll(() => directory.remove());

describe('openDataDirectory', () => {
  test('makes the directory for its owner alone, parents included', async () => {
    const path = join(directory.path, 'a/b');
    await openDataDirectory(path);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
  });

  test('refuses in words what cannot be a directory', async () => {
    const file = join(directory.path, 'file');
    await writeFile(file, '');
    await expect(openDataDirectory(join(file, 'data'))).rejects.toThrow(StartupError);
    await expect(openDataDirectory(join(file, 'data'))).rejects.toThrow(/^DATA_DIR .+ cannot be written \(ENOTDIR\)/);
  });
});

describe('secrets', () => {
  test('are made once, kept for their owner alone, and the same ever after', async () => {
    const data = await openDataDirectory(join(directory.path, 'secrets'));
    const first = await data.secret('admin-key', () => 'one');
    const second = await data.secret('admin-key', () => 'two');
    expect([first, second]).toEqual([
      { value: 'one', isNew: true },
      { value: 'one', isNew: false },
    ]);
    expect((await stat(join(data.path, 'admin-key'))).mode & 0o777).toBe(0o600);
    expect(await readAdminKey(data.path)).toBe('one');
  });

  test('are the same for all who ask at the same time', async () => {
    const data = await openDataDirectory(join(directory.path, 'racing'));
    let made = 0;
    const all = await Promise.all(Array.from({ length: 20 }, () => data.secret('key', () => `key-${(made += 1)}`)));
    expect(new Set(all.map(({ value }) => value)).size).toBe(1);
    expect(all.filter(({ isNew }) => isNew)).toHaveLength(1);
  });
});

describe('the lock', () => {
  test('keeps out others while its holder lives, and not after', async () => {
    const data = await openDataDirectory(join(directory.path, 'locked'));
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    const pid = other.pid ?? 0;
    await writeFile(join(data.path, 'lock'), JSON.stringify({ pid, startedAt: await startOf(pid) }));
    await expect(data.lock()).rejects.toThrow(`Another Rollcall (process ${pid}) runs on the data directory`);

    const gone = new Promise((resolve) => other.once('exit', resolve));
    other.kill('SIGKILL');
    await gone;
    const unlock = await data.lock();
    expect(JSON.parse(await readFile(join(data.path, 'lock'), 'utf8'))).toMatchObject({ pid: process.pid });
    await unlock();
    await expect(stat(join(data.path, 'lock'))).rejects.toThrow('ENOENT');
  });

  // After a restart of a container, the pid of the process that left the lock usually belongs to another one.
  test.runIf(process.platform === 'linux')(
    'of a process whose pid was given to another counts for nothing',
    async () => {
      const data = await openDataDirectory(join(directory.path, 'reused'));
      await writeFile(join(data.path, 'lock'), JSON.stringify({ pid: process.ppid, startedAt: '1' }));
      await (
        await data.lock()
      )();
    },
  );

  test('cut short by a power loss counts for nothing', async () => {
    const data = await openDataDirectory(join(directory.path, 'cut'));
    await writeFile(join(data.path, 'lock'), '{"pi');
    await (
      await data.lock()
    )();
  });
});
