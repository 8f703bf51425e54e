import type { Filter } from './filter.ts';
import { foldCase } from './fold-case.ts';
import { isJsonObject, ownValue, type JsonObject, type JsonValue } from './json.ts';
import type { PatchOperation } from './patch-request.ts';
import { badRequest } from './scim-error.ts';

/**
 * What a PATCH does to the members of a group, without knowing them: the new set is
 * `(base = clear ? {} : current - remove) + add`. The two lists have no repetition and no common id.
 */
export interface MemberChange {
  readonly base: 'keep' | 'clear';
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/**
 * Parts the operations on `members` from the others, and folds them in order into one change of the set, so that neither
 * hundreds of one-member operations (authentik) nor a group of 100,000 costs more than what is changed. The two parts
 * touch different attributes, so their order among each other does not matter.
 *
 * @returns members: null when no operation is about them
 * @throws ScimError 400 invalidValue, invalidFilter or mutability
 */
export function splitGroupPatch(operations: readonly PatchOperation[]): {
  attributes: PatchOperation[];
  members: MemberChange | null;
} {
  const attributes = operations.filter((operation) => !isAboutMembers(operation));
  if (attributes.length === operations.length) return { attributes, members: null };
  let base: MemberChange['base'] = 'keep';
  const add = new Set<string>();
  const remove = new Set<string>();
  const include = (id: string): void => {
    remove.delete(id);
    add.add(id);
  };
  const exclude = (id: string): void => {
    add.delete(id);
    if (base === 'keep') remove.add(id);
  };
  const clear = (): void => {
    base = 'clear';
    add.clear();
    remove.clear();
  };
  for (const operation of operations) {
    if (!isAboutMembers(operation)) continue;
    const chosen = chosenIds(operation);
    const sent = operation.value === undefined || operation.value === null ? undefined : idsOf(operation.value);
    if (operation.op === 'remove') {
      if (chosen) chosen.forEach(exclude);
      else if (sent) sent.forEach(exclude);
      else clear();
    } else if (chosen) {
      // Bitwarden knows a sender that adds by the path alone; a replacement of the chosen ones takes them out first.
      if (operation.op === 'replace' && sent) chosen.forEach(exclude);
      (sent ?? chosen).forEach(include);
    } else {
      if (operation.op === 'replace') clear();
      sent?.forEach(include);
    }
  }
  return { attributes, members: { base, add: [...add], remove: [...remove] } };
}

/**
 * The member ids in the body of a POST or PUT, without repetition.
 *
 * @param resource as `parseResource` gives it
 * @returns undefined when the body has no `members`, `[]` when it has an empty list
 * @throws ScimError 400 invalidValue for a member without an id
 */
export function memberIds(resource: JsonObject): string[] | undefined {
  const members = ownValue(resource, 'members');
  return members === undefined ? undefined : [...new Set(idsOf(members))];
}

function isAboutMembers({ path }: PatchOperation): boolean {
  return path.kind === 'attribute' && !path.attribute.extension && path.attribute.definition.name === 'members';
}

function idsOf(members: JsonValue): string[] {
  return (Array.isArray(members) ? members : [members]).map((member) => {
    const id = isJsonObject(member) ? ownValue(member, 'value') : member;
    if (typeof id !== 'string' || id.trim() === '') {
      throw badRequest('invalidValue', 'Each of "members" must have a "value" that is the id of a user.');
    }
    // The schema says that `members.value` is not caseExact: two spellings are one member.
    return foldCase(id);
  });
}

/** The ids in `members[value eq "a" or value eq "b"]`; undefined for the path `members`. */
function chosenIds({ path }: PatchOperation): string[] | undefined {
  if (path.kind !== 'attribute') return undefined;
  if (path.attribute.sub) {
    throw badRequest(
      'mutability',
      `"members.${path.attribute.sub.name}" cannot be changed. Add and remove whole members instead.`,
    );
  }
  if (!path.filter) return undefined;
  return idsOfFilter(path.filter);
}

function idsOfFilter(filter: Filter): string[] {
  if (filter.kind === 'or') return filter.filters.flatMap(idsOfFilter);
  if (filter.kind === 'compare' && filter.operator === 'eq' && typeof filter.value === 'string') {
    if (filter.attribute.sub?.name === 'value') return [foldCase(filter.value)];
  }
  throw badRequest(
    'invalidFilter',
    'Members can be chosen by id only: members[value eq "<id>"], or several of these joined by "or".',
  );
}
