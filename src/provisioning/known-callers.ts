import { boundedMap } from '../platform/bounded-map.ts';
import { condition, type Condition } from '../platform/database.ts';
import type { ResourceTypes } from '../scim/resource-types.ts';
import { callerStands, type ScimCaller } from './authenticate-scim.ts';

/** A caller that was looked up a moment ago. What it does now may be done only while `stands` holds. */
export interface KnownCaller {
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
  /** @param at when it was looked up, by the clock of `performance.now()`, which no step of the system's clock moves */
  remember(credential: string, found: Omit<KnownCaller, 'stands'>, at: number): void;
  forget(organizationId: string, credential: string): void;
}

/** Then a caller is looked up again, which also notes that its token is in use, and what time it is at the database. */
const rememberedForMs = 10_000;

const mostRemembered = 10_000;

export function knownCallers(): KnownCallers {
  const remembered = boundedMap<KnownCaller & { at: number }>(mostRemembered);
  const keyOf = (organizationId: string, credential: string): string => `${organizationId} ${credential}`;
  return {
    get: (organizationId, credential) => {
      const known = remembered.get(keyOf(organizationId, credential));
      if (known === undefined || performance.now() - known.at <= rememberedForMs) return known;
      remembered.delete(keyOf(organizationId, credential));
      return undefined;
    },
    remember: (credential, { caller, resourceTypes }, at) => {
      const stands = condition(callerStands(caller));
      remembered.set(keyOf(caller.organizationId, credential), { caller, resourceTypes, stands, at });
    },
    forget: (organizationId, credential) => remembered.delete(keyOf(organizationId, credential)),
  };
}
