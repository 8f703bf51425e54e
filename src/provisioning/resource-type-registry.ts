import type { Queryable } from '../platform/database.ts';
import { withExtensions, type ResourceTypes } from '../scim/resource-types.ts';
import { readRegistry } from './extension-schemas.ts';

/** The resource types with all registered extensions, kept in memory for as long as the registry does not change. */
export interface ResourceTypeRegistry {
  /**
   * @param version of the registry, as the caller has just read it
   * @returns the resource types of this version, or of a later one
   */
  at(version: number): Promise<ResourceTypes>;
}

/**
 * The look-up of a token brings the version, and the condition of each request requires that it is still the same, so a
 * change holds from the next request on in every process; only the first request after a change costs a query.
 */
export function createResourceTypeRegistry(db: Queryable): ResourceTypeRegistry {
  let current: { version: number; resourceTypes: ResourceTypes } | undefined;
  let loading: { wanted: number; done: Promise<ResourceTypes> } | undefined;

  const load = async (): Promise<ResourceTypes> => {
    const { version, extensions } = await readRegistry(db);
    const resourceTypes = withExtensions(extensions);
    current = { version, resourceTypes };
    return resourceTypes;
  };

  return {
    at: async (wanted) => {
      // Equal, not "at least": a database that was restored from a backup counts from an earlier number again.
      if (current?.version === wanted) return current.resourceTypes;
      // A load that was begun for the same version sees it; one begun for an earlier version may not.
      if (loading?.wanted !== wanted) {
        const done = load().finally(() => {
          if (loading?.done === done) loading = undefined;
        });
        loading = { wanted, done };
      }
      return loading.done;
    },
  };
}
