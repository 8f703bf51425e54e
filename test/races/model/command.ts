import type { AsyncCommand } from 'fast-check';
import type { Tenant, TenantAnswer } from '../tenant.ts';
import type { World } from './world.ts';

export type WorldCommand = AsyncCommand<World, Tenant>;

/**
 * A command of one client.
 *
 * @param title with its places, as a failing run prints it
 * @param isReady whether it makes sense now; one that does not is passed over
 */
export function command(
  title: string,
  isReady: (world: World) => boolean,
  run: (world: World, tenant: Tenant) => Promise<void>,
): WorldCommand {
  return { toString: () => title, check: isReady, run };
}

/**
 * Holds an answer against those that are allowed.
 *
 * @param refusals statuses that are right because of what others do at the same time; 401 is one while SCIM is left
 * @returns whether the write succeeded
 */
export function succeeded(
  title: string,
  { status, body }: TenantAnswer,
  refusals: Partial<Record<number, boolean>> = {},
): boolean {
  if (status < 300) return true;
  if (refusals[status] === true) return false;
  throw new Error(`${title} was answered ${status}: ${JSON.stringify(body)}`);
}
