import type { Contender } from '../contenders/contender.ts';
import type { LoadProcess } from '../load/load-process.ts';
import type { AnyWorkload } from '../workloads/all.ts';
import type { Sizes } from '../workloads/workload.ts';
import { familyCpuMs, processCpuMs, readFamily } from './cpu.ts';
import { memoryOf } from './memory.ts';

/** One contender's turn at one workload. CPU is in milliseconds, of the time in which requests were answered. */
export interface Turn {
  operations: number;
  elapsedMs: number;
  latenciesMs: Float64Array;
  serviceCpuMs: number;
  postgresCpuMs: number;
  loadCpuMs: number;
  serviceMemoryMb: number;
  /** What the worker used until everything was done that these requests asked for; 0 without one. */
  workerCpuMs: number;
  workerMemoryMb: number;
  /** From the last answer until all of it was done. */
  doneAfterMs: number;
}

/**
 * Runs one turn and judges the state that it leaves: entries of the log, jobs, and the workload's own rows.
 *
 * @param from number of the first operation
 * @returns and the number at which the next turn has to begin
 */
export async function measureTurn(options: {
  contender: Contender;
  workload: AnyWorkload;
  load: LoadProcess;
  postgresPid: number;
  sizes: Sizes;
  connections: number;
  durationMs: number;
  from: number;
  turn: number;
}): Promise<{ turn: Turn; next: number }> {
  const { contender, workload, load, postgresPid, sizes, connections, durationMs, from } = options;
  const { store, servicePid, workerPid } = contender;
  const { id: organizationId, suffix } = contender.organization(workload.organization);
  const place = { organizationId, suffix, sizes };
  const parameters = workload.parameters(place, options.turn);
  const cpuOf = (pid: number | null) => (pid === null ? 0 : processCpuMs(pid));
  const count = async () => ({
    users: await store.userCount(organizationId),
    groups: await store.groupCount(organizationId),
    entries: await store.entries(organizationId),
  });
  const before = workload.writes ? await count() : { users: 0, groups: 0, entries: 0 };
  if (workload.writes) await store.settle(organizationId);

  let at = { service: 0, worker: 0, postgres: readFamily(postgresPid) };
  const result = await load.run(
    {
      target: contender.target(workload.organization),
      workload: workload.name,
      parameters,
      connections,
      from,
      durationMs,
      most: workload.most?.(sizes) ?? Number.MAX_SAFE_INTEGER,
    },
    () => (at = { service: cpuOf(servicePid), worker: cpuOf(workerPid), postgres: readFamily(postgresPid) }),
  );
  const serviceCpuMs = cpuOf(servicePid) - at.service;
  const postgresCpuMs = familyCpuMs(at.postgres, readFamily(postgresPid));
  const answeredAt = performance.now();

  if (workload.writes) {
    const concerned = await store.settle(organizationId);
    const range = { from: result.from, to: result.to };
    const expected = workload.leaves?.(range);
    const complaints = [
      await workload.verify?.({ store, place, parameters, range, before }),
      wrongEntries(before.entries, await store.entries(organizationId), expected?.entries ?? 0),
      expected?.users === concerned
        ? undefined
        : `${concerned} users were concerned instead of ${expected?.users ?? 0}`,
    ].filter((complaint) => complaint !== undefined);
    if (complaints.length > 0) {
      throw new Error(
        `${contender.name}, ${workload.title}: wrong state after ${result.to - result.from} requests: ${complaints.join('; ')}`,
      );
    }
  }
  const turn: Turn = {
    operations: result.to - result.from,
    elapsedMs: result.elapsedMs,
    latenciesMs: result.latenciesMs,
    serviceCpuMs,
    postgresCpuMs,
    loadCpuMs: result.cpuMs,
    serviceMemoryMb: servicePid === null ? 0 : memoryOf(servicePid).mostMb,
    workerCpuMs: cpuOf(workerPid) - at.worker,
    workerMemoryMb: workerPid === null ? 0 : memoryOf(workerPid).mostMb,
    doneAfterMs: performance.now() - answeredAt,
  };
  if (workload.restore === undefined) return { turn, next: result.to };
  await workload.restore({ store, place, parameters, range: { from: result.from, to: result.to } });
  return { turn, next: 0 };
}

/** @returns what is wrong with the log, of whom keeps one */
function wrongEntries(before: number | null, after: number | null, expected: number): string | undefined {
  if (before === null || after === null) return undefined;
  const entries = after - before;
  return entries === expected ? undefined : `the log has ${entries} new entries instead of ${expected}`;
}
