import type { OrganizationRole } from '../../../src/contract/roles.ts';

/**
 * What the clients of the service know: the state that follows from every answer of 2xx. Each object is changed by one
 * lane alone, one request after the other, so the state is exact however many lanes there are.
 */
export interface OrganizationModel {
  readonly id: string;
  readonly name: string;
  readonly domain: string;
  /** The token that works now; replaced when the mode is changed to SCIM again. */
  token: string;
  /** Whether the lanes of this organization have to expect 401, because its mode is changed now and then. */
  readonly changesMode: boolean;
  /** Workspaces that mappings give; none of them is ever deleted. */
  readonly workspaces: readonly string[];
  /** Where grants are made by hand while the traffic runs. */
  readonly byHandWorkspace: string;
  /** Users and grants that nothing may touch; see `invariants.ts`. */
  readonly invited: readonly string[];
  readonly users: UserModel[];
  readonly groups: GroupModel[];
  /** User ids with a grant by hand to `byHandWorkspace`. */
  readonly byHand: Map<string, ByHandModel>;
}

/** A write whose answer was lost, or was 5xx: it has happened wholly or not at all, and the log must agree. */
export interface Doubt {
  /** Of every attempt at it. */
  requestIds: string[];
  /** Makes the model what it is if one of the attempts was committed; gets the id of what was created. */
  apply: (resourceId: string) => void;
}

interface Doubtful {
  /** Set: nobody changes the object any more, and its state is decided by the log at the end. */
  doubt: Doubt | undefined;
}

export interface UserModel extends Doubtful {
  /** '' while a creation is in doubt. */
  id: string;
  readonly userName: string;
  /** The value of displayName, title and nickName alike: a change that was applied in part shows. */
  text: string;
  active: boolean;
  /** Whether it is there: false after a deletion, and while a creation is in doubt. */
  exists: boolean;
  /** Groups that it was added to and not removed from; those that are gone do not count. */
  readonly groups: Set<GroupModel>;
}

export interface GroupModel extends Doubtful {
  id: string;
  name: string;
  exists: boolean;
  /** The lane that may rename, replace and delete it; null: shared by all, and it stays. */
  readonly lane: string | null;
  /** Of the group's mapping; undefined: it has none. */
  mapping: MappingModel | undefined;
  /** A mapping whose save is in doubt; the last one that was acknowledged is in `mapping`. */
  mappingDoubt: Doubt | undefined;
}

export interface MappingModel {
  workspaceIds: readonly string[];
  role: OrganizationRole | null;
}

export interface ByHandModel extends Doubtful {
  granted: boolean;
}
