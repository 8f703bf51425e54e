import { setTimeout as sleep } from 'node:timers/promises';
import { endpoints } from '../../contract/endpoints.ts';
import type { RestClient } from '../rest-client.ts';

const lookEveryMs = 50;
/** A demo's jobs take seconds; minutes mean that no worker runs. */
const timeoutMs = 120_000;

/** Waits until an organization has no job waiting or running. @returns how many failed and wait for a replay */
export async function awaitJobs(client: RestClient, organizationId: string): Promise<number> {
  const count = async (status: 'pending' | 'dispatched' | 'failed'): Promise<number> => {
    const query = { status, limit: 200 };
    return (await client.call(endpoints.listJobs, { parameters: { organizationId }, query })).items.length;
  };
  const deadline = Date.now() + timeoutMs;
  // In this order a job cannot slip from the one into the other between two looks.
  while ((await count('pending')) > 0 || (await count('dispatched')) > 0) {
    if (Date.now() > deadline)
      throw new Error(`jobs are still waiting after ${timeoutMs / 1000} s: is a worker running?`);
    await sleep(lookEveryMs);
  }
  return count('failed');
}
