import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';

/** Below lie ports that well-known services listen on. */
const lowest = 15_000;

/** Where systems that do not say it begin with ports for outgoing connections; Linux does by default. */
const usualEphemeral = 32_768;

/** More than there are workers of vitest at a time; each takes every eighth port, so that no two take the same. */
const lanes = 8;
const lane = Number(process.env['VITEST_POOL_ID'] ?? 0) % lanes;

let turn = Math.floor(Math.random() * 2_000);

/**
 * A port of 127.0.0.1 that nobody listens on, and which no outgoing connection and no other worker of this run takes, also
 * when it is listened on only later, and again after a restart: it lies below those that the system gives to outgoing
 * connections, which come and go by the hundreds.
 *
 * @throws {Error} when each port that could be had is taken
 */
export async function freePort(): Promise<number> {
  const rows = Math.floor(((await firstEphemeral()) - lowest) / lanes);
  for (let attempt = 0; attempt < rows; attempt += 1) {
    turn += 1;
    const port = lowest + (turn % rows) * lanes + lane;
    if (await isFree(port)) return port;
  }
  throw new Error(`None of ${rows} ports from ${lowest} is free: see who listens on so many.`);
}

async function firstEphemeral(): Promise<number> {
  const range = await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').catch(() => '');
  const first = Number(/^\d+/.exec(range)?.[0] ?? usualEphemeral);
  // A system that gives out nearly everything leaves no room below; what is left then is luck.
  return first >= lowest + 1_000 ? first : usualEphemeral;
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer().listen(port, '127.0.0.1');
  try {
    await once(probe, 'listening');
  } catch {
    return false;
  }
  probe.close();
  await once(probe, 'close');
  return true;
}
