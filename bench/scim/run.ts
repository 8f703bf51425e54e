/**
 * `npm run bench:scim`: filter parsing and PATCH against the libraries of the npm registry that do the same, in one run:
 * first what each gets right, then how long each takes compared with ours.
 */
import { cloneJson } from '../../src/scim/json.ts';
import { filterContenders, patchContenders } from './contenders.ts';
import { judgeFilters, judgePatches, type Verdict } from './differences.ts';
import { measuredFilters } from './filter-cases.ts';
import { compare } from './measure.ts';
import { measuredPatches } from './patch-cases.ts';
import { sampleUser } from './sample-user.ts';

/** Enough rounds for a median, short enough for a shared machine: about a minute in all. */
const pace = { rounds: 11, roundMs: 80 };

printVerdicts(
  'Filters',
  filterContenders.map((contender) => [contender.name, judgeFilters(contender)] as const),
);
const patchVerdicts: (readonly [string, Verdict])[] = [];
for (const contender of patchContenders) patchVerdicts.push([contender.name, await judgePatches(contender)]);
printVerdicts('PATCH', patchVerdicts);

await printRatios(
  'Parse a filter',
  filterContenders.map(({ name }) => name),
  measuredFilters.map(([what, filter]) => ({
    what,
    runners: filterContenders.map((contender) => ({ name: contender.name, run: () => contender.parse(filter) })),
  })),
);
await printRatios(
  'Apply a PATCH',
  patchContenders.map(({ name }) => name),
  measuredPatches.map(({ what, over, operations }) => ({
    what,
    runners: patchContenders.map((contender) => {
      const prepared = contender.prepare(cloneJson({ ...sampleUser, ...over }));
      return { name: contender.name, run: () => contender.apply(prepared, operations) };
    }),
  })),
);

function printVerdicts(title: string, verdicts: readonly (readonly [string, Verdict])[]): void {
  console.log(`\n### ${title}: what each gets right\n`);
  for (const [name, { right, of, wrong }] of verdicts) {
    console.log(`- ${name}: ${right} of ${of}`);
    for (const difference of wrong) console.log(`  - ${difference}`);
  }
}

async function printRatios(
  title: string,
  names: readonly string[],
  rows: readonly { what: string; runners: Parameters<typeof compare>[0] }[],
): Promise<void> {
  console.log(`\n### ${title}: time compared with rollcall (2 = twice as long)\n`);
  console.log(`| | ${names.join(' | ')} |\n|---|${names.map(() => '---:').join('|')}|`);
  for (const { what, runners } of rows) {
    const ratios = await compare(runners, pace);
    const cells = names.map((name) => {
      const ratio = ratios.get(name) ?? null;
      return ratio === null ? 'fails' : ratio.toPrecision(2);
    });
    console.log(`| ${what} | ${cells.join(' | ')} |`);
  }
}
