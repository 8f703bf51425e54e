import { execFile } from 'node:child_process';
import { mkdtemp, open, rm, rmdir, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface SmallDisk {
  /** Where it is mounted. */
  readonly path: string;
  /** Whatever uses it has ended. */
  remove(): Promise<void>;
}

/** Whether this user may mount file systems here: root, and in many containers not even root. */
export async function canMountSmallDisk(): Promise<boolean> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  return mountSmallDisk(1).then(
    async (disk) => {
      await disk.remove();
      return true;
    },
    () => false,
  );
}

/** A file system in memory with room for so many megabytes. */
export async function mountSmallDisk(megabytes: number): Promise<SmallDisk> {
  const path = await mkdtemp(join(tmpdir(), 'rollcall-disk-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'rollcall-small-disk', path]);
  } catch (error) {
    await rmdir(path);
    throw error;
  }
  return {
    path,
    async remove() {
      // A process that has just ended may hold its directory for a moment longer.
      await run('umount', ['-l', path]);
      await rmdir(path);
    },
  };
}

/**
 * Takes all the space that is left on the disk of a directory.
 *
 * @returns gives it back
 */
export async function fillDisk(directory: string): Promise<() => Promise<void>> {
  const ballast = join(directory, 'ballast');
  const file = await open(ballast, 'a');
  try {
    for (const blockBytes of [1 << 20, 4_096]) {
      const block = Buffer.alloc(blockBytes, 1);
      while (await fits(file, block));
    }
  } finally {
    await file.close();
  }
  return () => rm(ballast, { force: true });
}

async function fits(file: FileHandle, block: Buffer): Promise<boolean> {
  try {
    // A write into the last free bytes takes those, and says so.
    return (await file.write(block)).bytesWritten === block.length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false;
    throw error;
  }
}
