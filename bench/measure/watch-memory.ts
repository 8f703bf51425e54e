import { memoryOf } from './memory.ts';

export interface MemoryWatch {
  /** Of each process: resident megabytes at 25, 50, 75 and 100 % of the time watched. Ends the watch. */
  quarters(): number[][];
  /** Of each process: the most. Ends the watch. */
  most(): number[];
}

const everyMs = 100;

/** Looks at the memory of processes until it is asked. */
export function watchMemory(pids: readonly number[]): MemoryWatch {
  const seen: number[][] = pids.map(() => []);
  const look = (): void => {
    for (const [position, pid] of pids.entries()) {
      try {
        seen[position]?.push(memoryOf(pid).nowMb);
      } catch {
        // It has ended.
      }
    }
  };
  look();
  const timer = setInterval(look, everyMs);
  const end = (): void => {
    look();
    clearInterval(timer);
  };
  return {
    quarters() {
      end();
      return seen.map((values) =>
        [0.25, 0.5, 0.75, 1].map((share) => values[Math.max(0, Math.ceil(values.length * share) - 1)] ?? 0),
      );
    },
    most() {
      end();
      return seen.map((values) => Math.max(...values));
    },
  };
}
