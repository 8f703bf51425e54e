import pg from 'pg';
import { indexKey, memberId, namespaceOf, storeKey, type PolisKind } from '../polis/keys.ts';
import { organizations, type OrganizationName, type Sizes } from '../workloads/workload.ts';
import { groupId, numbersPerOrganization, userId } from './sample-ids.ts';
import { sampleUser, userNameOf } from './sample-user.ts';
import { seededGroups, userCounts, type SeededOrganization } from './seed-rollcall.ts';

/** A row of `jackson_store`, and the keys that it is found by in `jackson_index`. */
interface Row {
  key: string;
  value: unknown;
  foundBy: string[];
}

const rowsAtOnce = 5_000;

/** The same users and groups in the tables of Polis, as its own API would have written them. */
export async function seedPolis(
  databaseUrl: string,
  seeded: Record<OrganizationName, SeededOrganization>,
  sizes: Sizes,
): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    for (const [name, count] of Object.entries(userCounts(sizes)) as [OrganizationName, number][]) {
      const first = organizations[name] * numbersPerOrganization;
      const { id, suffix } = seeded[name];
      await insert(client, 'users', name, count, (offset) => userRow(name, id, suffix, first + offset));
    }
    const groups = seededGroups(sizes);
    const { id } = seeded.large;
    await insert(client, 'groups', 'large', groups.length, (offset) => groupRow(id, groups[offset]?.number ?? 0));
    const firstUser = organizations.large * numbersPerOrganization;
    for (const { number, members } of groups) {
      await insert(client, 'members', 'large', members, (offset) => memberRow(groupId(number), firstUser + offset));
    }
  } finally {
    await client.end();
  }
}

function userRow(tenant: OrganizationName, directoryId: string, suffix: string, number: number): Row {
  const id = userId(number);
  const email = userNameOf(number, suffix);
  return {
    key: storeKey('users', tenant, id),
    value: {
      first_name: `Given${number}`,
      last_name: `Family${number}`,
      email,
      active: true,
      id,
      directoryId,
      raw: { ...sampleUser(number, suffix), id },
    },
    foundBy: [
      indexKey('users', tenant, 'directoryIdUsername', directoryId, email),
      indexKey('users', tenant, 'directoryId', directoryId),
    ],
  };
}

function groupRow(directoryId: string, number: number): Row {
  const id = groupId(number);
  const name = `Group ${number}`;
  return {
    key: storeKey('groups', 'large', id),
    value: { id, name, raw: { displayName: name, members: [], id } },
    foundBy: [
      indexKey('groups', 'large', 'directoryIdDisplayname', directoryId, name),
      indexKey('groups', 'large', 'directoryId', directoryId),
    ],
  };
}

function memberRow(group: string, userNumber: number): Row {
  const id = memberId(group, userId(userNumber));
  return {
    key: storeKey('members', 'large', id),
    value: { id, group_id: group, user_id: userId(userNumber) },
    foundBy: [indexKey('members', 'large', 'groupId', group)],
  };
}

async function insert(
  client: pg.Client,
  kind: PolisKind,
  tenant: OrganizationName,
  count: number,
  rowOf: (offset: number) => Row,
): Promise<void> {
  for (let from = 0; from < count; from += rowsAtOnce) {
    const rows = Array.from({ length: Math.min(rowsAtOnce, count - from) }, (_, offset) => rowOf(from + offset));
    await client.query(
      `INSERT INTO jackson_store (key, value, namespace, "modifiedAt")
        SELECT key, value, $3, now() FROM unnest($1::text[], $2::text[]) AS row (key, value)`,
      [rows.map(({ key }) => key), rows.map(({ value }) => JSON.stringify(value)), namespaceOf(kind, tenant)],
    );
    const found = rows.flatMap(({ key, foundBy }) => foundBy.map((by) => ({ by, key })));
    await client.query('INSERT INTO jackson_index (key, "storeKey") SELECT * FROM unnest($1::text[], $2::text[])', [
      found.map(({ by }) => by),
      found.map(({ key }) => key),
    ]);
  }
}
