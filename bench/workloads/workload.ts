import type { Operations } from '../load/operations.ts';
import type { Store } from '../stores/store.ts';

/** Sizes of what is there before a run; everything is the same for every contender. */
export interface Sizes {
  /** Users of the two organizations that are asked by filter. */
  smallUsers: number;
  mediumUsers: number;
  /** Users of the organization with the large groups who are in none of them. */
  spareUsers: number;
  /** The large groups, by members: the group of number `n` has `n` members, the first users of their organization. */
  groups: number[];
}

/** Seeded organizations, by what their numbers begin with. */
export const organizations = { small: 1, medium: 2, large: 3 } as const;
export type OrganizationName = keyof typeof organizations;

/** Where a workload happens, for one contender. */
export interface Place {
  organizationId: string;
  /** Of the user names of this organization. */
  suffix: string;
  sizes: Sizes;
}

/** Operations `from` to (not including) `to` have been answered as they should. */
export interface Range {
  from: number;
  to: number;
}

/** One kind of request, measured for every contender. `P` is what the load process needs to know; plain data. */
export interface Workload<P> {
  name: string;
  title: string;
  organization: OrganizationName;
  writes: boolean;
  /** Operations of one turn, where the state that they need is limited. */
  most?: (sizes: Sizes) => number;
  /** @param turn tells the turns of the whole run apart, for names that must be new */
  parameters(place: Place, turn: number): P;
  operations(parameters: P): Operations;
  /** What the writes of a turn must have left: entries of the log, and users whose access is computed anew. */
  leaves?: (range: Range) => { entries: number; users: number };
  /** Compares the stored state with what was sent. @returns what is wrong */
  verify?: (context: {
    store: Store;
    place: Place;
    parameters: P;
    range: Range;
    before: Counts;
  }) => Promise<string | undefined>;
  /** Brings back what the next turn needs. */
  restore?: (context: { store: Store; place: Place; parameters: P; range: Range }) => Promise<void>;
}

/** Counted before a turn. */
export interface Counts {
  users: number;
  groups: number;
}
