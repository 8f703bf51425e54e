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
  parameters: () => {
    throw new Error('its parameters depend on the study');
  },
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
