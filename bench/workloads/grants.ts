import { wrongStatus } from '../load/operations.ts';
import { groupId, userId } from '../seed/sample-ids.ts';
import type { Workload } from './workload.ts';

export interface GrantParameters {
  /** Groups that are mapped to a workspace, by number; additions take turns. */
  firstGroup: number;
  groups: number;
  firstUser: number;
}

/** Each request makes one user a member of a mapped group, and so brings a grant that is due. */
export const grantAccess: Workload<GrantParameters> = {
  name: 'grant-access',
  title: 'PATCH add 1 member of a mapped group',
  organization: 'small',
  writes: true,
  parameters: ofTheStudy,
  operations: ({ firstGroup, groups, firstUser }) => ({
    http: (index) => ({
      method: 'PATCH',
      path: `/Groups/${groupId(firstGroup + (index % groups))}`,
      body: JSON.stringify({
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: [{ op: 'add', path: 'members', value: [{ value: userId(firstUser + index) }] }],
      }),
    }),
    judge: (_, answer) => wrongStatus(answer, 204),
  }),
};

/** Of each organization, in the order of the target's. */
export interface GrantInTurnParameters {
  organizations: GrantParameters[];
}

/** The same for many organizations: each request is for the next one. */
export const grantAccessInTurn: Workload<GrantInTurnParameters> = {
  name: 'grant-access-in-turn',
  title: 'PATCH add 1 member of a mapped group, organizations in turn',
  organization: 'small',
  writes: true,
  parameters: ofTheStudy,
  operations: ({ organizations }) => {
    const all = organizations.map((parameters) => grantAccess.operations(parameters));
    return {
      http: (index) => {
        const { organization, position } = turnOf(index, all.length);
        const operations = all[organization];
        if (operations === undefined) throw new Error('no organization takes part');
        return { ...operations.http(position), organization };
      },
      judge: (_, answer) => wrongStatus(answer, 204),
    };
  },
};

function ofTheStudy(): never {
  throw new Error('its parameters depend on the study');
}

/** Whose request number `index` is, and how many of the same organization come before it. */
export function turnOf(index: number, organizations: number): { organization: number; position: number } {
  return { organization: index % organizations, position: Math.floor(index / organizations) };
}
