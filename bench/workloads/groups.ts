import { v7 } from 'uuid';
import { addMembers, createGroup, getGroup, getGroupWithMembers, replaceMembers } from '../ceiling/statements.ts';
import type { Answer } from '../load/http-connection.ts';
import { json, wrongStatus } from '../load/operations.ts';
import { groupId, numbersPerOrganization, userId } from '../seed/sample-ids.ts';
import { organizations, type Place, type Range, type Sizes, type Workload } from './workload.ts';

const patchOp = ['urn:ietf:params:scim:api:messages:2.0:PatchOp'];
const groupUrn = ['urn:ietf:params:scim:schemas:core:2.0:Group'];
const firstUser = organizations.large * numbersPerOrganization;

/** The users of the organization with the large groups who are in none of them come last. */
function firstSpare(sizes: Sizes): number {
  return firstUser + Math.max(...sizes.groups);
}

export const postGroup: Workload<{ organizationId: string; turn: number }> = {
  name: 'post-group',
  title: 'POST group',
  organization: 'small',
  writes: true,
  parameters: ({ organizationId }, turn) => ({ organizationId, turn }),
  operations: ({ organizationId, turn }) => {
    const group = (index: number) => ({
      schemas: groupUrn,
      displayName: `Group ${turn}-${index}`,
      externalId: `00g-${turn}-${index}`,
    });
    return {
      http: (index) => ({ method: 'POST', path: '/Groups', body: JSON.stringify(group(index)) }),
      judge(index, answer) {
        if (answer.status !== 201) return wrongStatus(answer, 201);
        const { id, displayName } = json(answer);
        return typeof id === 'string' && displayName === group(index).displayName ? undefined : answer.body.toString();
      },
      sql: (index) =>
        createGroup({
          id: v7(),
          organizationId,
          displayName: group(index).displayName,
          resource: JSON.stringify(group(index)),
        }),
      judgeRows: (_, rows) => (rows.length === 1 ? undefined : 'no row'),
    };
  },
  leaves: ({ from, to }) => ({ entries: to - from, users: 0 }),
  verify: async ({ store, place, range, before }) => {
    const created = (await store.groupCount(place.organizationId)) - before.groups;
    return created === range.to - range.from ? undefined : `${created} groups instead of ${range.to - range.from}`;
  },
};

interface AddParameters {
  organizationId: string;
  groupId: string;
  firstSpare: number;
}

/** Adds one user after the other to a group of `members`. */
export function addOneMember(members: number): Workload<AddParameters> {
  const idsOf = ({ firstSpare: first }: AddParameters, range: Range) =>
    Array.from({ length: range.to - range.from }, (_, offset) => userId(first + range.from + offset));
  return {
    name: `add-member-${members}`,
    title: `PATCH add 1 member (${members.toLocaleString('en')} present)`,
    organization: 'large',
    writes: true,
    most: ({ spareUsers }) => spareUsers,
    parameters: ({ organizationId, sizes }) => ({
      organizationId,
      groupId: groupId(members),
      firstSpare: firstSpare(sizes),
    }),
    operations: ({ organizationId, groupId: id, firstSpare: first }) => ({
      http: (index) => ({
        method: 'PATCH',
        path: `/Groups/${id}`,
        body: JSON.stringify({
          schemas: patchOp,
          Operations: [{ op: 'add', path: 'members', value: [{ value: userId(first + index) }] }],
        }),
      }),
      judge: (_, answer) => wrongStatus(answer, 204),
      sql: (index) => addMembers(organizationId, id, [userId(first + index)]),
      judgeRows: (_, rows) => (rows[0]?.['count'] === 1 ? undefined : 'not added'),
    }),
    leaves: ({ from, to }) => ({ entries: to - from, users: to - from }),
    async verify({ store, place, parameters, range }) {
      const total = await store.memberCount(place.organizationId, parameters.groupId);
      const ids = idsOf(parameters, range);
      const added = await store.membersAmong(place.organizationId, parameters.groupId, ids);
      return added === ids.length && total === members + added
        ? undefined
        : `${added} of ${ids.length} were added to ${members}, which makes ${total}`;
    },
    restore: ({ store, place, parameters, range }) =>
      store.removeMembers(place.organizationId, [parameters.groupId], idsOf(parameters, range)),
  };
}

/** Empty groups that members are added to by the thousand. */
export const batchGroups = 64;
export const firstBatchGroup = 900_000_000;
const batchSize = 1_000;

interface BatchParameters {
  organizationId: string;
  users: number;
}

export const addThousandMembers: Workload<BatchParameters> = {
  name: 'add-1000-members',
  title: 'PATCH add 1,000 members',
  organization: 'large',
  writes: true,
  // Each thousand comes once to each group.
  most: (sizes) => Math.min(batchGroups, 4 * Math.floor(largeUsers(sizes) / batchSize)),
  parameters: ({ organizationId, sizes }) => ({ organizationId, users: largeUsers(sizes) }),
  operations: ({ organizationId, users }) => {
    const groupOf = (index: number) => groupId(firstBatchGroup + (index % batchGroups));
    const idsOf = (index: number) => {
      const first = firstUser + ((index * batchSize) % (users - batchSize + 1));
      return Array.from({ length: batchSize }, (_, offset) => userId(first + offset));
    };
    return {
      http: (index) => ({
        method: 'PATCH',
        path: `/Groups/${groupOf(index)}`,
        body: JSON.stringify({
          schemas: patchOp,
          Operations: [{ op: 'add', path: 'members', value: idsOf(index).map((value) => ({ value })) }],
        }),
      }),
      judge: (_, answer) => wrongStatus(answer, 204),
      sql: (index) => addMembers(organizationId, groupOf(index), idsOf(index)),
      judgeRows: (_, rows) => (rows[0]?.['count'] === batchSize ? undefined : 'not added'),
    };
  },
  leaves: ({ from, to }) => ({ entries: to - from, users: (to - from) * batchSize }),
  async verify({ store, place, range }) {
    for (let index = range.from; index < range.to; index += 1) {
      const members = await store.memberCount(place.organizationId, groupId(firstBatchGroup + index));
      if (members !== batchSize) return `group ${index} has ${members} members`;
    }
    return undefined;
  },
  restore: ({ store, place, parameters: { users } }) =>
    store.removeMembers(
      place.organizationId,
      Array.from({ length: batchGroups }, (_, index) => groupId(firstBatchGroup + index)),
      Array.from({ length: users }, (_, offset) => userId(firstUser + offset)),
    ),
};

function largeUsers(sizes: Sizes): number {
  return Math.max(...sizes.groups) + sizes.spareUsers;
}

interface GroupParameters {
  organizationId: string;
  groupId: string;
  members: number;
}

function groupParameters(members: number) {
  return ({ organizationId }: Place): GroupParameters => ({ organizationId, groupId: groupId(members), members });
}

export function getWithoutMembers(members: number): Workload<GroupParameters> {
  return {
    name: 'get-group-without-members',
    title: `GET group of ${members.toLocaleString('en')}, without members`,
    organization: 'large',
    writes: false,
    parameters: groupParameters(members),
    operations: ({ organizationId, groupId: id }) => ({
      http: () => ({ method: 'GET', path: `/Groups/${id}?excludedAttributes=members` }),
      judge(_, answer) {
        if (answer.status !== 200) return wrongStatus(answer, 200);
        const group = json(answer);
        return group['id'] === id && group['members'] === undefined ? undefined : answer.body.toString();
      },
      sql: () => getGroup(organizationId, id),
      judgeRows: (_, rows) => (rows[0]?.['id'] === id ? undefined : 'not found'),
    }),
  };
}

export function getWithMembers(members: number): Workload<GroupParameters> {
  return {
    name: 'get-group-with-members',
    title: `GET group of ${members.toLocaleString('en')}, with members`,
    organization: 'large',
    writes: false,
    parameters: groupParameters(members),
    operations: ({ organizationId, groupId: id, members: count }) => {
      const isRight = sameAsJudged((answer) => hasMembers(answer, id, firstUser, count));
      return {
        http: () => ({ method: 'GET', path: `/Groups/${id}` }),
        judge: (_, answer) => isRight(answer),
        sql: () => getGroupWithMembers(organizationId, id, 'http://127.0.0.1/Users/'),
        judgeRows: (_, rows) => (String(rows[0]?.['members']).length > count * 100 ? undefined : 'no members'),
      };
    },
  };
}

interface PutParameters extends GroupParameters {
  /** Members that are in every request, as JSON. */
  first: number;
  firstSpare: number;
  spare: number;
}

/** The group of `putGroup` has this number, not that of its size: other workloads read those. */
export const putGroupNumber = 800_000_000;

/** Replaces a group's members by all but the last of them and another one: one leaves, one comes. */
export function putGroup(members: number): Workload<PutParameters> {
  return {
    name: 'put-group',
    title: `PUT group of ${members.toLocaleString('en')}, 1 difference`,
    organization: 'large',
    writes: true,
    parameters: ({ organizationId, sizes }) => ({
      organizationId,
      groupId: groupId(putGroupNumber),
      members,
      first: firstUser,
      firstSpare: firstSpare(sizes),
      spare: sizes.spareUsers,
    }),
    operations: ({ organizationId, groupId: id, members: count, first, firstSpare: spareFrom, spare }) => {
      const staying = Array.from({ length: count - 1 }, (_, offset) => userId(first + offset));
      const head = JSON.stringify({ schemas: groupUrn, displayName: 'Replaced', members: [] }).slice(0, -2);
      const body = `${head}${staying.map((value) => JSON.stringify({ value })).join(',')}`;
      const lastOf = (index: number) => userId(spareFrom + (index % spare));
      return {
        http: (index) => ({
          method: 'PUT',
          path: `/Groups/${id}`,
          body: `${body},{"value":"${lastOf(index)}"}]}`,
        }),
        judge: (_, answer) => (answer.status === 200 ? hasSize(answer, count) : wrongStatus(answer, 200)),
        sql: (index) => replaceMembers(organizationId, id, [...staying, lastOf(index)]),
        judgeRows: (_, rows) => (rows[0]?.['count'] === 2 ? undefined : `${String(rows[0]?.['count'])} changes`),
      };
    },
    leaves: ({ from, to }) => ({ entries: to - from, users: 2 * (to - from) }),
    async verify({ store, place, parameters: { groupId: id, first, firstSpare: spareFrom, spare }, range }) {
      const total = await store.memberCount(place.organizationId, id);
      const staying = Array.from({ length: members - 1 }, (_, offset) => userId(first + offset));
      const stayed = await store.membersAmong(place.organizationId, id, staying);
      const sent = Array.from({ length: range.to - range.from }, (_, offset) =>
        userId(spareFrom + ((range.from + offset) % spare)),
      );
      const last = await store.membersAmong(place.organizationId, id, sent);
      return total === members && stayed === members - 1 && last === 1
        ? undefined
        : `${total} members, ${stayed} of those that stay, ${last} of those that were sent last`;
    },
  };
}

const memberMark = Buffer.from('"value":"');

/** As many requests may replace members while an answer is being read in pages, each of one member. */
const mostReplacedMeanwhile = 16;

/** What is stored in the end is judged to the last member; what an answer shows may mix two states of the group. */
function hasSize(answer: Answer, count: number): string | undefined {
  let members = 0;
  for (let at = answer.body.indexOf(memberMark); at !== -1; at = answer.body.indexOf(memberMark, at + 45)) members += 1;
  const difference = Math.abs(members - count);
  return difference <= mostReplacedMeanwhile ? undefined : `${members} members instead of ${count}`;
}

function hasMembers(answer: Answer, id: string, first: number, count: number): string | undefined {
  if (answer.status !== 200) return wrongStatus(answer, 200);
  const group = json(answer);
  const members = (group['members'] ?? []) as { value: string; display?: string }[];
  const ids = new Set(members.map(({ value }) => value));
  for (let number = first; number < first + count; number += 1) {
    if (!ids.has(userId(number))) return `member ${userId(number)} is missing`;
  }
  const right = group['id'] === id && members.length === count && members.every(({ display }) => display !== undefined);
  return right ? undefined : `${members.length} members instead of ${count}`;
}

/** Large answers are judged once in full, and then compared byte by byte with one that was right. */
function sameAsJudged(judge: (answer: Answer) => string | undefined): (answer: Answer) => string | undefined {
  let right: Buffer | undefined;
  return (answer) => {
    if (answer.status === 200 && right?.equals(answer.body) === true) return undefined;
    const complaint = judge(answer);
    if (complaint === undefined) right = answer.body;
    return complaint;
  };
}
