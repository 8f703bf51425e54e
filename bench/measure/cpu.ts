import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts ticks of this length in /proc (`getconf CLK_TCK`). */
const tickMs = 10;

/** CPU time that all threads of a process that runs have used, in milliseconds, to the microsecond (Linux). */
export function processCpuMs(pid: number): number {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      const [running = '0'] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ');
      nanoseconds += Number(running);
    } catch {
      // It has just ended; such threads are few and short here.
    }
  }
  return nanoseconds / 1e6;
}

/** A reading of a process and its children, to be compared with a later one. */
export interface FamilyReading {
  /** CPU of the children that had ended, in ticks of 10 ms. */
  endedMs: number;
  running: Map<number, number>;
}

export function readFamily(parent: number): FamilyReading {
  const pids = [parent, ...childrenOf(parent)];
  const running = new Map<number, number>();
  for (const pid of pids) {
    try {
      running.set(pid, processCpuMs(pid));
    } catch {
      // Ended since the children were listed.
    }
  }
  const fields = statFields(parent);
  // cutime and cstime: what children that were waited for have used in their whole life.
  return { endedMs: (Number(fields[13]) + Number(fields[14])) * tickMs, running };
}

/** CPU that Postgres, say, used between two readings: by processes that still run, and by those that have ended since. */
export function familyCpuMs(before: FamilyReading, after: FamilyReading): number {
  let total = after.endedMs - before.endedMs;
  for (const [pid, cpuMs] of after.running) total += cpuMs - (before.running.get(pid) ?? 0);
  for (const [pid, cpuMs] of before.running) if (!after.running.has(pid)) total -= cpuMs;
  return Math.max(0, total);
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return Number(statFields(pid)[1]) === parent;
      } catch {
        return false;
      }
    });
}

/** The fields of /proc/[pid]/stat behind the program's name, which may hold blanks: state, ppid, ... */
function statFields(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}
