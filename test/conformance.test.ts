import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readScenarios } from './idp/player/scenario.ts';

const document = readFileSync(new URL('../docs/conformance.md', import.meta.url), 'utf8');
const rows = document.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| section'));
const references = rows.flatMap((row) =>
  (row.split(' | ').at(-1) ?? '')
    .replace(/ \|$/, '')
    .split(' <br> ')
    .map((reference) => /^\[[^\]]+\]\(\.\.\/(test\/[^)]+)\): (.+)$/.exec(reference) ?? [reference, '', '']),
);

/** Names of the steps of every scenario file. */
const steps = new Map<string, string[]>(
  ['idp/scenarios/', 'idp/rfc-scenarios/'].flatMap((folder) =>
    readScenarios(new URL(folder, import.meta.url)).map(({ name, scenario }) => [
      `test/${folder}${name}.json`,
      scenario.map((step) => step.name),
    ]),
  ),
);

/** Whether a test file has a test, a row of a table or a group of that name: a text literal that begins and ends with it. */
function isInTestFile(file: string, name: string): boolean {
  const url = new URL(`../${file}`, import.meta.url);
  if (!existsSync(url)) return false;
  const source = readFileSync(url, 'utf8');
  return ["'", '"', '`'].some(
    (quote) => source.includes(`${quote}${name}${quote}`) || source.includes(`${quote}${name}: %s${quote}`),
  );
}

describe('docs/conformance.md', () => {
  test('has a row for each requirement, and a test for each row', () => {
    expect(rows.length).toBeGreaterThan(140);
    expect(references.filter(([, file]) => file === '')).toEqual([]);
  });

  test('names only tests that exist', () => {
    const gone = references.filter(([, file = '', name = '']) =>
      file.endsWith('.json') ? steps.get(file)?.includes(name) !== true : !isInTestFile(file, name),
    );
    expect(gone.map(([reference]) => reference)).toEqual([]);
  });
});
