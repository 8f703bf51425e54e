import { departments, familyNames, givenNames, teams } from './names.ts';
import type { Random } from './random.ts';

/** A user as the identity provider knows it, before it has an id on our side. */
export interface Person {
  /** The directory's own id. */
  objectId: string;
  /** Counts from 1, as employee numbers do. */
  number: number;
  /** Also the mail address. */
  userName: string;
  givenName: string;
  familyName: string;
  title: string;
  department: string;
}

export interface Team {
  objectId: string;
  displayName: string;
  members: Person[];
}

/** The people and groups of one made-up company. */
export interface CompanyDirectory {
  people: Person[];
  groups: Team[];
}

/**
 * Makes up a company: everybody in one department, departments as groups first, then groups across departments with a
 * tenth of the people each.
 *
 * @param domain where mail addresses end; use one reserved for examples (RFC 2606)
 */
export function makeDirectory(
  size: { users: number; groups: number },
  domain: string,
  random: Random,
): CompanyDirectory {
  const taken = new Set<string>();
  const departmentGroups = departments.slice(0, Math.ceil(size.groups / 2));
  // People of departments without a group of their own exist too, as in any real company.
  const people = Array.from({ length: size.users }, (_, index) => makePerson(index + 1, domain, taken, random));
  const groups = [
    ...departmentGroups.map(({ name }) => ({
      displayName: name,
      members: people.filter(({ department }) => department === name),
    })),
    ...Array.from({ length: Math.max(0, size.groups - departmentGroups.length) }, (_, index) => ({
      displayName: teamName(index),
      members: random.sample(people, Math.max(1, Math.ceil(people.length / 10))),
    })),
  ];
  return { people, groups: groups.map((group) => ({ objectId: random.uuid(), ...group })) };
}

/** One entry for each share, so that a pick among them is weighted. */
const desks = departments.flatMap((department) => Array.from({ length: department.share }, () => department));

/** One more person, who joins later. */
export function makePerson(number: number, domain: string, taken: Set<string>, random: Random): Person {
  const givenName = random.pick(givenNames);
  const familyName = random.pick(familyNames);
  const department = random.pick(desks);
  // Of eight, one leads, two are senior.
  const rank = [0, 0, 0, 0, 0, 1, 1, 2][random.integer(8)] ?? 0;
  return {
    objectId: random.uuid(),
    number,
    userName: freeAddress(`${asciiOf(givenName)}.${asciiOf(familyName)}`, domain, taken),
    givenName,
    familyName,
    title: department.titles[rank] ?? department.titles[0],
    department: department.name,
  };
}

export function displayNameOf({ givenName, familyName }: Person): string {
  return `${givenName} ${familyName}`;
}

function freeAddress(localPart: string, domain: string, taken: Set<string>): string {
  for (let n = 1; ; n++) {
    const address = `${localPart}${n === 1 ? '' : n}@${domain}`;
    if (taken.has(address)) continue;
    taken.add(address);
    return address;
  }
}

const withoutDecomposition: Record<string, string> = { ø: 'o', ł: 'l', ß: 'ss', ı: 'i', æ: 'ae', '’': '' };

/** A name as address offices write it: lower case, accents off. */
function asciiOf(name: string): string {
  return name
    .toLowerCase()
    .normalize('NFD')
    .replaceAll(/\p{Mark}/gu, '')
    .replaceAll(/[^a-z]/g, (letter) => withoutDecomposition[letter] ?? '');
}

function teamName(index: number): string {
  const name = teams[index % teams.length] ?? 'Team';
  const round = Math.floor(index / teams.length);
  return round === 0 ? name : `${name} ${round + 1}`;
}
