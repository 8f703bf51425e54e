import sql from 'sql-template-tag';
import type { Tenant } from '../tenant.ts';
import { active, defaultRole, manualGrant, mapping, member, nameOf, type Known, type World } from './world.ts';

interface Row {
  fact: string;
  value: string;
}

/**
 * What is stored and contradicts what the clients were told, as sentences; none: []. An acknowledged write is there
 * unless a later one has replaced it (no lost update), a refused one has left nothing, memberships survive
 * deactivation, and whatever was deleted is gone with all that hung on it.
 */
export async function contradictions(tenant: Tenant, world: World): Promise<string[]> {
  const stored = new Map((await readFacts(tenant)).map(({ fact, value }) => [fact, value]));
  const expected = new Map(expectedFacts(world));
  const facts = new Set([...expected.keys(), ...[...stored.keys()].filter((fact) => isOurs(fact, world))]);
  return [...facts].flatMap((fact) => {
    const possible = expected.get(fact) ?? ['absent'];
    const actual = stored.get(fact) ?? 'absent';
    return possible.includes(actual) ? [] : [`${fact}: stored ${actual}, possible ${possible.join(' or ')}`];
  });
}

/** Rows of users and workspaces that were there before the clients came are not theirs. */
function isOurs(fact: string, world: World): boolean {
  const known = new Set([...world.users, ...world.groups, ...world.workspaces].map(({ id }) => id));
  return fact
    .split(' ')
    .slice(1)
    .every((id) => known.has(id));
}

function* expectedFacts(world: World): Generator<[fact: string, possible: string[]]> {
  const { users, groups, workspaces, history } = world;
  const of = (fact: string, resources: Known[]): [string, string[]] => {
    const possible = history.possible(fact).map((value) => (value === 'false' ? 'absent' : value));
    return [fact, resources.some(({ isGone }) => isGone) || possible.length === 0 ? ['absent'] : possible];
  };
  for (const user of users) {
    // `active` is a value of its own when false, not the absence of a row.
    yield [active(user), user.isGone ? ['absent'] : history.possible(active(user))];
    yield of(nameOf(user), [user]);
    for (const workspace of workspaces) yield of(manualGrant(user, workspace), [user, workspace]);
  }
  for (const group of groups) {
    yield of(nameOf(group), [group]);
    for (const user of users) yield of(member(group, user), [group, user]);
    const gone = new Set(workspaces.filter(({ isGone }) => isGone).map(({ id }) => id));
    const [fact, possible] = of(mapping(group), [group]);
    yield [fact, possible.map((value) => withoutWorkspaces(value, gone))];
  }
  yield [defaultRole, history.possible(defaultRole)];
}

/** How a mapping is written as a value. */
export function mappingValue(role: string | null, workspaceIds: readonly string[]): string {
  return [role ?? 'none', ...workspaceIds.toSorted()].join(' ');
}

function withoutWorkspaces(value: string, gone: ReadonlySet<string>): string {
  return value
    .split(' ')
    .filter((word) => !gone.has(word))
    .join(' ');
}

function readFacts({ db, id }: Tenant): Promise<Row[]> {
  return db.query<Row>(sql`
    SELECT 'active ' || u.id AS fact, u.active::text AS value FROM users u WHERE organization_id = ${id}
    UNION ALL
    SELECT 'name ' || u.id, u.user_name FROM users u WHERE organization_id = ${id}
    UNION ALL
    SELECT 'name ' || g.id, g.display_name FROM groups g WHERE organization_id = ${id}
    UNION ALL
    SELECT 'member ' || group_id || ' ' || user_id, 'true' FROM group_members WHERE organization_id = ${id}
    UNION ALL
    SELECT 'grant ' || user_id || ' ' || workspace_id, 'true' FROM workspace_members
    WHERE organization_id = ${id} AND origin = 'manual'
    UNION ALL
    SELECT 'mapping ' || m.group_id, concat_ws(' ', coalesce(m.role, 'none'), (
      SELECT string_agg(w.workspace_id::text, ' ' ORDER BY w.workspace_id::text) FROM group_mapping_workspaces w
      WHERE w.organization_id = m.organization_id AND w.group_id = m.group_id))
    FROM group_mappings m WHERE organization_id = ${id}
    UNION ALL
    SELECT 'default role', default_role FROM sso_connections WHERE organization_id = ${id}`);
}
