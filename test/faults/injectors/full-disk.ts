import { execFile } from 'node:child_process';
import { mkdtemp, open, rm, rmdir, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface SmallDisk {
  /** Where it is mounted. */
  readonly path: string;
  /** Takes all the space that is left. */
  fill(): Promise<void>;
  /** Gives back what `fill` has taken. */
  free(): Promise<void>;
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
  const ballast = join(path, 'ballast');
  return {
    path,
    async fill() {
      const file = await open(ballast, 'a');
      try {
        for (const blockBytes of [1 << 20, 4_096]) {
          const block = Buffer.alloc(blockBytes, 1);
          while ((await statfs(path)).bavail * 4_096 >= blockBytes) {
            const isFull = await file.write(block).then(
              () => false,
              (error: unknown) => {
                if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
                return true;
              },
            );
            if (isFull) break;
          }
        }
      } finally {
        await file.close();
      }
    },
    free: () => rm(ballast, { force: true }),
    async remove() {
      // A process that has just ended may hold its directory for a moment longer.
      await run('umount', ['-l', path]);
      await rmdir(path);
    },
  };
}
