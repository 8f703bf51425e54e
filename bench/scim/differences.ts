import { isDeepStrictEqual } from 'node:util';
import { cloneJson, type JsonObject, type JsonValue } from '../../src/scim/json.ts';
import type { FilterContender, PatchContender } from './contenders.ts';
import { filterCases } from './filter-cases.ts';
import { patchCases, type PatchCase } from './patch-cases.ts';
import { sampleUser } from './sample-user.ts';

export interface Verdict {
  right: number;
  of: number;
  /** What came out differently, one sentence each. */
  wrong: string[];
}

export function judgeFilters(contender: FilterContender): Verdict {
  const wrong: string[] = [];
  for (const [what, filter, expected] of filterCases) {
    const got = outcomeOf(() => contender.matches(filter, cloneJson(sampleUser)));
    if (got !== expected) wrong.push(`${what}: ${String(got)}`);
  }
  return { right: filterCases.length - wrong.length, of: filterCases.length, wrong };
}

function outcomeOf(matches: () => boolean): boolean | string {
  try {
    return matches();
  } catch (error) {
    return error instanceof RangeError ? 'a stack overflow' : 'refused';
  }
}

export async function judgePatches(contender: PatchContender): Promise<Verdict> {
  const wrong: string[] = [];
  for (const patchCase of patchCases) {
    const fault = await faultOf(contender, patchCase);
    if (fault !== undefined) wrong.push(`${patchCase.what}: ${fault}`);
  }
  return { right: patchCases.length - wrong.length, of: patchCases.length, wrong };
}

async function faultOf(contender: PatchContender, patchCase: PatchCase): Promise<string | undefined> {
  const { attribute, expected, operations } = patchCase;
  try {
    const result = await contender.apply(contender.prepare(cloneJson(sampleUser)), cloneJson(operations));
    if (cleanedPrototypes()) return 'Object.prototype is polluted';
    if (expected === 'refused') return 'accepted';
    const resource = JSON.parse(JSON.stringify(result)) as JsonObject;
    return isSame(resource[attribute], expected) ? undefined : `gives ${JSON.stringify(resource[attribute])}`;
  } catch {
    if (cleanedPrototypes()) return 'Object.prototype is polluted';
    return expected === 'refused' ? undefined : 'refused';
  }
}

/** An element that says that it is not primary says as much as one that says nothing; the order is no matter. */
function isSame(got: JsonValue | undefined, expected: JsonValue | undefined): boolean {
  return isDeepStrictEqual(comparable(got), comparable(expected));
}

function comparable(value: JsonValue | undefined): unknown {
  if (!Array.isArray(value)) return value;
  return value
    .map((element) => {
      const members = Object.entries(element as JsonObject).filter(
        ([key, member]) => key !== 'primary' || member === true,
      );
      return JSON.stringify(members.sort(([one], [other]) => (one < other ? -1 : 1)));
    })
    .sort();
}

/** Takes away what a library has left on every object of this process. @returns whether there was anything */
function cleanedPrototypes(): boolean {
  return Reflect.has({}, 'polluted') && Reflect.deleteProperty(Object.prototype, 'polluted');
}
