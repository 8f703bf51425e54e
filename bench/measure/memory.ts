import { readFileSync } from 'node:fs';

/** Resident memory of a process, in megabytes: now, and the most since it started. */
export function memoryOf(pid: number): { nowMb: number; mostMb: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) / 1_024;
  return { nowMb: megabytes('VmRSS'), mostMb: megabytes('VmHWM') };
}
