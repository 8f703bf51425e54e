import { json, wrongStatus } from '../load/operations.ts';
import { createUser, findUser, getUser, setActive } from '../ceiling/statements.ts';
import { numbersPerOrganization, userId } from '../seed/sample-ids.ts';
import { sampleUser, userNameOf } from '../seed/sample-user.ts';
import { v7 } from 'uuid';
import { organizations, type OrganizationName, type Place, type Workload } from './workload.ts';

interface UsersOf {
  organizationId: string;
  suffix: string;
  /** Number of the first user, and how many there are. */
  first: number;
  count: number;
}

function usersOf(name: OrganizationName, count: (place: Place) => number) {
  return (place: Place): UsersOf => ({
    organizationId: place.organizationId,
    suffix: place.suffix,
    first: organizations[name] * numbersPerOrganization,
    count: count(place),
  });
}

/** Visits all numbers once before any comes again, neighbours far apart, so that no cache line or page is favoured. */
function scattered(index: number, count: number): number {
  return (index * 7_919) % count;
}

/** New users come with numbers that no seed has: each turn has a range of its own. */
const newUsersPerTurn = 1_000_000;

export const postUser: Workload<{ organizationId: string; suffix: string; first: number }> = {
  name: 'post-user',
  title: 'POST user',
  organization: 'small',
  writes: true,
  parameters: ({ organizationId, suffix }, turn) => ({
    organizationId,
    suffix,
    first: 1_000_000_000 + turn * newUsersPerTurn,
  }),
  operations: ({ organizationId, suffix, first }) => ({
    http: (index) => ({ method: 'POST', path: '/Users', body: JSON.stringify(sampleUser(first + index, suffix)) }),
    judge(index, answer) {
      if (answer.status !== 201) return wrongStatus(answer, 201);
      const { id, userName, active, meta } = json(answer);
      const right = userName === userNameOf(first + index, suffix) && active === true && typeof id === 'string';
      return right && meta !== undefined ? undefined : `another user than was sent: ${answer.body.toString()}`;
    },
    sql(index) {
      const resource = sampleUser(first + index, suffix);
      const userName = userNameOf(first + index, suffix);
      return createUser({ id: v7(), organizationId, userName, active: true, resource: JSON.stringify(resource) });
    },
    judgeRows: (_, rows) => (rows.length === 1 ? undefined : 'no row'),
  }),
  leaves: ({ from, to }) => ({ entries: to - from, users: to - from }),
  verify: async ({ store, place, range, before }) => {
    const created = (await store.userCount(place.organizationId)) - before.users;
    return created === range.to - range.from ? undefined : `${created} users instead of ${range.to - range.from}`;
  },
};

function filterUsers(organization: 'small' | 'medium'): Workload<UsersOf> {
  return {
    name: `filter-user-${organization}`,
    title: `GET by filter (${organization === 'small' ? '10,000' : '50,000'} users)`,
    organization,
    writes: false,
    parameters: usersOf(organization, ({ sizes }) => sizes[`${organization}Users`]),
    operations: ({ organizationId, suffix, first, count }) => {
      const nameOf = (index: number) => userNameOf(first + scattered(index, count), suffix);
      return {
        http: (index) => ({
          method: 'GET',
          path: `/Users?filter=${encodeURIComponent(`userName eq "${nameOf(index)}"`)}`,
        }),
        judge(index, answer) {
          if (answer.status !== 200) return wrongStatus(answer, 200);
          const { totalResults, Resources } = json(answer);
          const [found] = Resources as { userName: string; id: string }[];
          const right =
            totalResults === 1 &&
            found?.userName === nameOf(index) &&
            found.id === userId(first + scattered(index, count));
          return right ? undefined : `not ${nameOf(index)}: ${answer.body.toString()}`;
        },
        sql: (index) => findUser(organizationId, nameOf(index)),
        judgeRows: (index, rows) =>
          rows.length === 1 && rows[0]?.['id'] === userId(first + scattered(index, count)) ? undefined : 'not found',
      };
    },
  };
}

export const filterSmall = filterUsers('small');
export const filterMedium = filterUsers('medium');

export const getUserById: Workload<UsersOf> = {
  name: 'get-user',
  title: 'GET user by id',
  organization: 'small',
  writes: false,
  parameters: usersOf('small', ({ sizes }) => sizes.smallUsers),
  operations: ({ organizationId, suffix, first, count }) => {
    const numberOf = (index: number) => first + scattered(index, count);
    return {
      http: (index) => ({ method: 'GET', path: `/Users/${userId(numberOf(index))}` }),
      judge(index, answer) {
        if (answer.status !== 200) return wrongStatus(answer, 200);
        const { id, userName } = json(answer);
        const number = numberOf(index);
        return id === userId(number) && userName === userNameOf(number, suffix) ? undefined : answer.body.toString();
      },
      sql: (index) => getUser(organizationId, userId(numberOf(index))),
      judgeRows: (index, rows) => (rows[0]?.['id'] === userId(numberOf(index)) ? undefined : 'not found'),
    };
  },
};

/** Every user in turn is deactivated, then in the next pass reactivated: each request changes something. */
export const patchActive: Workload<UsersOf> = {
  name: 'patch-active',
  title: 'PATCH active',
  organization: 'small',
  writes: true,
  parameters: usersOf('small', ({ sizes }) => sizes.smallUsers),
  operations: ({ organizationId, first, count }) => {
    const idOf = (index: number) => userId(first + scattered(index, count));
    return {
      http: (index) => ({
        method: 'PATCH',
        path: `/Users/${idOf(index)}`,
        body: JSON.stringify({
          schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
          Operations: [{ op: 'replace', path: 'active', value: activeAfter(index, count) }],
        }),
      }),
      judge(index, answer) {
        if (answer.status !== 200) return wrongStatus(answer, 200);
        const { id, active } = json(answer);
        return id === idOf(index) && active === activeAfter(index, count) ? undefined : answer.body.toString();
      },
      sql: (index) => setActive(organizationId, idOf(index), activeAfter(index, count)),
      judgeRows: (index, rows) => (rows[0]?.['active'] === activeAfter(index, count) ? undefined : 'not changed'),
    };
  },
  leaves: ({ from, to }) => ({ entries: to - from, users: to - from }),
  async verify({ store, place, parameters: { first, count }, range }) {
    const last = new Map<number, boolean>();
    for (let index = range.from; index < range.to; index += 1) {
      last.set(scattered(index, count), activeAfter(index, count));
    }
    const ids = [...last.keys()].map((number) => userId(first + number));
    const expected = [...last.values()].filter(Boolean).length;
    const active = await store.activeAmong(place.organizationId, ids);
    return active === expected ? undefined : `${active} of ${ids.length} are active instead of ${expected}`;
  },
  restore: ({ store, place }) => store.setAllActive(place.organizationId),
};

function activeAfter(index: number, count: number): boolean {
  return Math.floor(index / count) % 2 === 1;
}
