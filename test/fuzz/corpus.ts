import { fill, fillText, type Variables } from '../idp/player/fill.ts';
import { readScenarios, type Json, type Scenario, type Step } from '../idp/player/scenario.ts';
import { isObject } from '../idp/player/value-at.ts';
import type { Random } from './random.ts';

/** A request of a scenario, with what its placeholders may stand for. */
export interface Template {
  step: Step;
  /** Names that the scenario saves, and where each comes from. */
  saved: ReadonlyMap<string, { from: string; in: string }>;
}

/** What requests refer to, so that mutations meet resources that are there. */
export interface Ids {
  users: string[];
  groups: string[];
  /** Of the other organization. */
  foreign: string[];
}

/** A request as it goes over the wire, before mutation. */
export interface FuzzRequest {
  method: string;
  /** Below the SCIM base URL. */
  path: string;
  headers: Record<string, string>;
  body?: Json;
}

const folders = ['../idp/scenarios/', '../idp/rfc-scenarios/'];

/** Every request of every scenario, real providers' first. */
export function readCorpus(): Template[] {
  return folders.flatMap((folder) =>
    readScenarios(new URL(folder, import.meta.url)).flatMap(({ scenario }) => {
      const saved = savedNames(scenario);
      return scenario.filter(({ path }) => path.startsWith('/')).map((step) => ({ step, saved }));
    }),
  );
}

function savedNames(scenario: Scenario): Template['saved'] {
  return new Map(
    scenario.flatMap(({ path, save }) =>
      Object.entries(save ?? {}).map(([name, from]) => [name, { from, in: path }] as const),
    ),
  );
}

/** The request of a template, its placeholders filled with ids that exist and texts that do not matter. */
export function instantiate({ step, saved }: Template, ids: Ids, random: Random, run: string): FuzzRequest {
  const variables = variablesFor(saved, ids, random, run);
  const headers: Record<string, string> = { accept: 'application/scim+json' };
  for (const [name, value] of Object.entries(step.headers ?? {})) {
    if (value !== null) headers[name.toLowerCase()] = fillText(value, variables);
  }
  return {
    method: step.method,
    path: fillText(step.path, variables),
    headers,
    ...(step.body === undefined ? {} : { body: fill(shortened(step.body), variables) }),
  };
}

function variablesFor(saved: Template['saved'], ids: Ids, random: Random, run: string): Variables {
  const id = () => (ids.users.length === 0 ? run : random.pick(ids.users));
  const groupId = () => (ids.groups.length === 0 ? run : random.pick(ids.groups));
  const variables: Record<string, unknown> = { run, RUN: run.toUpperCase(), base: '', i: 0, n: 1, item: id() };
  for (let n = 1; n <= 9; n += 1) variables[`uuid${n}`] = random.pick([id(), groupId(), ...ids.foreign]);
  for (const [name, source] of saved) {
    if (name.endsWith('[]')) variables[name.slice(0, -2)] = [id(), id(), id()];
    else if (/version|etag/i.test(source.from)) variables[name] = `W/"${random.int(4)}"`;
    else if (/id$|value$/.test(source.from)) variables[name] = source.in.startsWith('/Groups') ? groupId() : id();
    else variables[name] = String(random.int(10));
  }
  return variables;
}

/** Fuzzing wants many requests, not long ones: generated lists and texts are cut. */
function shortened(template: Json): Json {
  if (Array.isArray(template)) return template.map(shortened);
  if (!isObject(template)) return template;
  return Object.fromEntries(
    Object.entries(template).map(([key, value]) => {
      if (key === '$repeat' || key === 'times') return [key, 3];
      if (key === 'from' || key === 'to') return [key, key === 'from' ? 0 : 3];
      return [key, shortened(value)];
    }),
  );
}
