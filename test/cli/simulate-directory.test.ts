import { expect, test } from 'vitest';
import { makeDirectory } from '../../src/cli/simulate/directory.ts';
import { planChanges } from '../../src/cli/simulate/plan-changes.ts';
import { createRandom } from '../../src/cli/simulate/random.ts';

const make = (seed: string, users = 200, groups = 12): ReturnType<typeof makeDirectory> =>
  makeDirectory({ users, groups }, 'acme.example', createRandom(seed));

test('the same seed makes the same company, another seed another one', () => {
  expect(make('a')).toEqual(make('a'));
  expect(make('a')).not.toEqual(make('b'));
});

test('has the size that was asked for, and addresses that are unique and plain ASCII', () => {
  const { people, groups } = make('a', 2_000, 40);
  expect(people).toHaveLength(2_000);
  expect(groups).toHaveLength(40);
  expect(new Set(people.map(({ userName }) => userName)).size).toBe(2_000);
  expect(new Set(groups.map(({ displayName }) => displayName)).size).toBe(40);
  expect(people.filter(({ userName }) => !/^[a-z]+\.[a-z]+\d*@acme\.example$/.test(userName))).toEqual([]);
});

test('everybody of a department is in its group, and every group has members', () => {
  const { people, groups } = make('a');
  const [engineering] = groups;
  expect(engineering?.displayName).toBe('Engineering');
  expect(engineering?.members).toEqual(people.filter(({ department }) => department === 'Engineering'));
  expect(groups.filter(({ members }) => members.length === 0)).toEqual([]);
});

test.each([
  [0, 0],
  [1, 1],
  [1, 5],
  [3, 0],
])('%i users and %i groups are a company too', (users, groups) => {
  const directory = make('a', users, groups);
  expect([directory.people.length, directory.groups.length]).toEqual([users, groups]);
});

test('changes concern each person once, and delete nobody where the provider never does', () => {
  const directory = make('a');
  const options = { domain: 'acme.example', deletesUsers: false };
  const changes = planChanges(directory, 60, options, createRandom('a'));
  expect(changes).toHaveLength(60);
  expect(new Set(changes.map(({ person }) => person)).size).toBe(60);
  expect(new Set(changes.map(({ kind }) => kind))).toEqual(new Set(['retitle', 'deactivate', 'join', 'move']));
  const deleting = planChanges(directory, 60, { ...options, deletesUsers: true }, createRandom('a'));
  expect(deleting.some(({ kind }) => kind === 'delete')).toBe(true);
});
