import { grantAccess, grantAccessInTurn } from './grants.ts';
import { initialSync } from './initial-sync.ts';
import type { Operations } from '../load/operations.ts';
import { addOneMember, addThousandMembers, getWithMembers, getWithoutMembers, postGroup, putGroup } from './groups.ts';
import { filterMedium, filterSmall, getUserById, patchActive, postUser } from './users.ts';
import type { Workload } from './workload.ts';

/** Group sizes that a member is added to; `--quick` leaves the largest out. */
export const groupSizes = [10, 1_000, 10_000, 100_000];

const members = 10_000;

/** A workload whose parameters only it knows. */
export type AnyWorkload = Workload<unknown>;

export const ingressWorkloads: readonly AnyWorkload[] = [
  postUser,
  filterSmall,
  filterMedium,
  getUserById,
  patchActive,
  postGroup,
  ...groupSizes.map(addOneMember),
  addThousandMembers,
  getWithoutMembers(members),
  getWithMembers(members),
  putGroup(members),
] as AnyWorkload[];

/** What the load process runs, by name. */
export function operationsOf(name: string, parameters: unknown): Operations {
  const ofStudies = [grantAccess, grantAccessInTurn, initialSync] as AnyWorkload[];
  const workload = [...ingressWorkloads, ...ofStudies].find((candidate) => candidate.name === name);
  if (workload === undefined) throw new Error(`no workload ${name}`);
  return workload.operations(parameters);
}
