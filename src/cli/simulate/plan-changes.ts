import { makePerson, type CompanyDirectory, type Person } from './directory.ts';
import type { Random } from './random.ts';
import type { Change } from './simulation.ts';

/**
 * What happens in a company between two cycles: of the people concerned, most move between groups or get a new title,
 * some leave, some join; each person is concerned once, so the changes can be played in any order.
 *
 * @param count how many people are concerned
 */
export function planChanges(
  directory: CompanyDirectory,
  count: number,
  options: { domain: string; deletesUsers: boolean },
  random: Random,
): Change[] {
  const { people } = directory;
  const taken = new Set(people.map(({ userName }) => userName));
  return random.sample(people, count).map((person, index): Change => {
    switch (index % 6) {
      case 0:
        return { kind: 'retitle', person, title: `Principal ${person.title}` };
      case 1:
        return { kind: 'deactivate', person };
      case 2:
        if (options.deletesUsers) return { kind: 'delete', person };
        return { kind: 'deactivate', person };
      case 3:
        return { kind: 'join', person: makePerson(people.length + index, options.domain, taken, random) };
      default:
        return movePerson(person, directory, random) ?? { kind: 'retitle', person, title: `Senior ${person.title}` };
    }
  });
}

/** A move out of one of the person's groups into another one, where there are such groups. */
export function movePerson(person: Person, { groups }: CompanyDirectory, random: Random): Change | undefined {
  const own = groups.filter(({ members }) => members.includes(person));
  const others = groups.filter(({ members }) => !members.includes(person));
  if (own.length === 0 || others.length === 0) return undefined;
  return { kind: 'move', person, from: random.pick(own), to: random.pick(others) };
}
