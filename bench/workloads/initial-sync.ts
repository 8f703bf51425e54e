import type { Answer } from '../load/http-connection.ts';
import { json, wrongStatus, type HttpOperation } from '../load/operations.ts';
import { sampleUser, userNameOf } from '../seed/sample-user.ts';
import type { Workload } from './workload.ts';

export interface InitialSyncParameters {
  users: number;
  /** Users of one group; everyone is in one. */
  perGroup: number;
  /** Members added by one request: Entra 1, Okta 100. */
  membersPerRequest: number;
}

const suffix = 'initial';

/** How many requests an initial sync takes. */
export function requestsOf({ users, perGroup, membersPerRequest }: InitialSyncParameters): number {
  return 2 * users + Math.ceil(users / perGroup) + Math.ceil(users / membersPerRequest);
}

/**
 * A directory that is assigned to the application for the first time: each user is looked up and then created, then the
 * groups, then their members. One after the other, since each step needs the ids of the one before.
 */
export const initialSync: Workload<InitialSyncParameters> = {
  name: 'initial-sync-requests',
  title: 'initial sync',
  organization: 'small',
  writes: true,
  parameters: () => {
    throw new Error('its parameters depend on the study');
  },
  operations({ users, perGroup, membersPerRequest }) {
    const userIds: string[] = [];
    const groupIds: string[] = [];
    const groups = Math.ceil(users / perGroup);
    const created = (answer: Answer, ids: string[]): string | undefined => {
      if (answer.status !== 201) return wrongStatus(answer, 201);
      ids.push(String(json(answer)['id']));
      return undefined;
    };
    const addMembers = (step: number): HttpOperation => {
      const first = step * membersPerRequest;
      const members = userIds.slice(first, first + membersPerRequest).map((value) => ({ value }));
      return {
        method: 'PATCH',
        path: `/Groups/${groupIds[Math.floor(first / perGroup)] ?? ''}`,
        body: JSON.stringify({
          schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
          Operations: [{ op: 'add', path: 'members', value: members }],
        }),
      };
    };
    return {
      http(index) {
        if (index < 2 * users) {
          const number = Math.floor(index / 2);
          if (index % 2 === 1) {
            return { method: 'POST', path: '/Users', body: JSON.stringify(sampleUser(number, suffix)) };
          }
          const filter = encodeURIComponent(`userName eq "${userNameOf(number, suffix)}"`);
          return { method: 'GET', path: `/Users?filter=${filter}` };
        }
        const step = index - 2 * users;
        if (step >= groups) return addMembers(step - groups);
        const schemas = ['urn:ietf:params:scim:schemas:core:2.0:Group'];
        const body = JSON.stringify({ schemas, displayName: `Group ${step}`, externalId: `initial-${step}` });
        return { method: 'POST', path: '/Groups', body };
      },
      judge(index, answer) {
        if (index >= 2 * users)
          return index - 2 * users < groups ? created(answer, groupIds) : wrongStatus(answer, 204);
        if (index % 2 === 1) return created(answer, userIds);
        if (answer.status !== 200) return wrongStatus(answer, 200);
        return json(answer)['totalResults'] === 0 ? undefined : 'somebody is there already';
      },
    };
  },
};
