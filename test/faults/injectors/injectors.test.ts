import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { ownRedis } from '../../queue/redis-server.ts';
import { createClock, findFaketime } from './clock.ts';
import { freeze } from './frozen-process.ts';
import { canMountSmallDisk, fillDisk, mountSmallDisk } from './full-disk.ts';
import { fillRedis } from './full-redis.ts';

const started = new Set<ChildProcess>();
afterEach(() => {
  for (const child of started) child.kill('SIGKILL');
  started.clear();
});

/** A process that writes a line of `program`'s making whenever it reads one. */
function start(program: string, env: Record<string, string> = {}): { pid: number; ask: () => Promise<string> } {
  const child = spawn(process.execPath, ['-e', `process.stdin.on('data', () => console.log(String(${program})))`], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  started.add(child);
  child.stdout.setEncoding('utf8');
  return {
    pid: child.pid ?? 0,
    ask: async () => {
      const answered = once(child.stdout, 'data');
      child.stdin.write('?');
      return String((await answered)[0]).trim();
    },
  };
}

describe.skipIf(process.platform !== 'linux')('a frozen process', () => {
  test('answers when it is thawed, not before', async () => {
    const { pid, ask } = start('"here"');
    await ask();
    const thaw = await freeze(pid);
    let answered = false;
    const answer = ask().finally(() => (answered = true));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(answered).toBe(false);
    thaw();
    expect(await answer).toBe('here');
  });
});

const faketime = await findFaketime();

describe.skipIf(faketime === undefined)('a stepped clock (libfaketime)', () => {
  test('moves the wall clock of one process while it runs, and not its monotonic time', async () => {
    const clock = await createClock(faketime ?? '');
    try {
      const { ask } = start('[Date.now(), performance.now()]', clock.environment);
      const look = async () => {
        const [wall = NaN, monotonic = NaN] = (await ask()).split(',').map(Number);
        return { offByMs: wall - Date.now(), monotonic };
      };
      const before = await look();
      // The two clocks are read one after the other; the steps are hours.
      expect(Math.abs(before.offByMs)).toBeLessThan(30_000);
      for (const hours of [2, -2]) {
        await clock.step(hours * 3_600);
        const { offByMs, monotonic } = await look();
        expect(Math.abs(offByMs - hours * 3_600_000)).toBeLessThan(30_000);
        expect(monotonic - before.monotonic).toBeLessThan(30_000);
      }
    } finally {
      await clock.remove();
    }
  });
});

const canMount = await canMountSmallDisk();

describe.skipIf(!canMount)('a small disk (mount, tmpfs)', () => {
  test('takes nothing more when it is full, and again when space is freed', async () => {
    const disk = await mountSmallDisk(4);
    try {
      const write = () => writeFile(join(disk.path, 'more'), Buffer.alloc(8_192, 1));
      await write();
      const free = await fillDisk(disk.path);
      await expect(writeFile(join(disk.path, 'even more'), Buffer.alloc(8_192, 1))).rejects.toThrow('ENOSPC');
      await free();
      await write();
    } finally {
      await disk.remove();
    }
  });
});

describe.skipIf(inject('redisUrl') === null)('a full Redis', () => {
  test('refuses writes, answers reads, and is as before when it has its memory back', async () => {
    const server = await ownRedis();
    await server.start();
    const redis = new Redis(server.url);
    try {
      await redis.set('kept', 'yes');
      const giveBack = await fillRedis(server.url);
      await expect(redis.set('more', 'x')).rejects.toThrow('OOM');
      expect(await redis.get('kept')).toBe('yes');
      await giveBack();
      await redis.set('more', 'x');
      expect(await redis.config('GET', 'maxmemory')).toEqual(['maxmemory', '0']);
    } finally {
      redis.disconnect();
      await server.kill();
    }
  });
});
