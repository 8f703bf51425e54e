import { boundedMap } from '../platform/bounded-map.ts';
import { databaseClock } from '../platform/database-clock.ts';
import { condition, type Condition } from '../platform/database.ts';
import { newIdAt } from '../platform/ids.ts';
import type { ResourceTypes } from '../scim/resource-types.ts';
import { callerStands, type ScimCaller } from './authenticate-scim.ts';

/** A caller that was looked up a moment ago. What it does now may be done only while `stands` holds. */
export interface KnownCaller {
  /** With an entry of its own, and the time, for each request. */
  caller: ScimCaller;
  resourceTypes: ResourceTypes;
  stands: Condition;
}

/**
 * The callers of the last seconds. A provider sends many requests in a row, and a look-up of its own for each would cost
 * a round trip; so the token is checked ahead of the request's statement, in the same transaction, and all that the
 * look-up answers beside that is remembered here.
 */
export interface KnownCallers {
  /** @param credential a name for what the caller sent, from which that cannot be found: a hash */
  get(organizationId: string, credential: string): KnownCaller | undefined;
  /** @param askedAt when it was looked up, and `heardAt` when the answer came, by the clock of `performance.now()` */
  remember(
    credential: string,
    found: { caller: ScimCaller; resourceTypes: ResourceTypes },
    askedAt: number,
    heardAt: number,
  ): void;
  forget(organizationId: string, credential: string): void;
}

/** Then a caller is looked up again, which also notes that its token is in use, and what time it is at the database. */
const rememberedForMs = 10_000;

const mostRemembered = 10_000;

interface Remembered extends Omit<KnownCaller, 'caller'> {
  caller: ScimCaller;
  askedAt: number;
}

export function knownCallers(): KnownCallers {
  const remembered = boundedMap<Remembered>(mostRemembered);
  const keyOf = (organizationId: string, credential: string): string => `${organizationId} ${credential}`;
  const clock = databaseClock();
  return {
    get: (organizationId, credential) => {
      const known = remembered.get(keyOf(organizationId, credential));
      if (known === undefined) return undefined;
      if (performance.now() - known.askedAt > rememberedForMs) {
        remembered.delete(keyOf(organizationId, credential));
        return undefined;
      }
      const now = clock.now();
      const caller = { ...known.caller, receivedAt: new Date(now), entryId: newIdAt(now) };
      return { caller, resourceTypes: known.resourceTypes, stands: known.stands };
    },
    remember: (credential, { caller, resourceTypes }, askedAt, heardAt) => {
      clock.observe(caller.receivedAt, askedAt, heardAt);
      const stands = condition(callerStands(caller));
      remembered.set(keyOf(caller.organizationId, credential), { caller, resourceTypes, stands, askedAt });
    },
    forget: (organizationId, credential) => remembered.delete(keyOf(organizationId, credential)),
  };
}
