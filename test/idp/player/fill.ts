import type { Count, Json } from './scenario.ts';
import { isObject } from './value-at.ts';

/** What placeholders stand for: the tokens of a play and whatever its steps saved. */
export type Variables = Readonly<Record<string, unknown>>;

/** The scenario asks for something that is not there, or misuses the format: the step fails with this message. */
export class ScenarioError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ScenarioError';
  }
}

const placeholder = /\{\{([^{}]+)\}\}/g;

/** Replaces `{{name}}`, `{{enc:name}}` and `{{json:name}}` inside a text. */
export function fillText(text: string, variables: Variables): string {
  return text.replaceAll(placeholder, (_, expression: string) => {
    if (expression.startsWith('enc:')) return encodeURIComponent(asText(lookUp(expression.slice(4), variables)));
    if (expression.startsWith('json:')) return JSON.stringify(lookUp(expression.slice(5), variables));
    return asText(lookUp(expression, variables));
  });
}

/** Fills a body or a pattern: every text in it, `{{json:name}}` with its type, and the generators as arrays and texts. */
export function fill(template: Json, variables: Variables): Json {
  if (typeof template === 'string') {
    const typed = /^\{\{json:([^{}]+)\}\}$/.exec(template)?.[1];
    return typed === undefined ? fillText(template, variables) : (lookUp(typed, variables) as Json);
  }
  if (Array.isArray(template)) return template.map((element) => fill(element, variables));
  if (!isObject(template)) return template;
  if (Object.hasOwn(template, '$repeat')) return fillRepeat(template, variables);
  if (Object.hasOwn(template, '$each')) return fillEach(template, variables);
  if (Object.hasOwn(template, '$text')) return fillLongText(template, variables);
  return Object.fromEntries(
    Object.entries(template).map(([key, value]) => [fillText(key, variables), fill(value, variables)]),
  );
}

/** A count, which may be written with placeholders and sums: `"{{saved}}+1"`. */
export function fillCount(value: Count, variables: Variables): number {
  const text = typeof value === 'number' ? String(value) : fillText(value, variables).replaceAll(' ', '');
  if (!/^\d+([+-]\d+)*$/.test(text)) throw new ScenarioError(`${JSON.stringify(value)} is not a count`);
  const sum = (text.match(/[+-]?\d+/g) ?? []).reduce((total, term) => total + Number(term), 0);
  if (sum < 0) throw new ScenarioError(`${JSON.stringify(value)} is a negative count`);
  return sum;
}

/** The saved list of that name. */
export function savedList(name: string, variables: Variables): unknown[] {
  const list = lookUp(name, variables);
  if (!Array.isArray(list)) throw new ScenarioError(`"${name}" is not a list`);
  return list;
}

type Generator = Record<string, Json>;

// `uncapped` forbids a runner to shorten the repeat; this runner never does.
function fillRepeat(generator: Generator, variables: Variables): Json[] {
  onlyMembers(generator, ['$repeat', 'item', 'uncapped']);
  const times = fillCount(countOf(generator, '$repeat'), variables);
  return Array.from({ length: times }, (_, i) => fill(itemOf(generator), { ...variables, i, n: i + 1 }));
}

function fillEach(generator: Generator, variables: Variables): Json[] {
  onlyMembers(generator, ['$each', 'item', 'from', 'to']);
  const name = generator['$each'];
  if (typeof name !== 'string') throw new ScenarioError('"$each" names a saved list');
  const list = savedList(name, variables);
  const from = Object.hasOwn(generator, 'from') ? fillCount(countOf(generator, 'from'), variables) : 0;
  const to = Object.hasOwn(generator, 'to') ? fillCount(countOf(generator, 'to'), variables) : list.length;
  return list.slice(from, to).map((item, i) => fill(itemOf(generator), { ...variables, i, n: i + 1, item }));
}

function fillLongText(generator: Generator, variables: Variables): string {
  onlyMembers(generator, ['$text', 'times']);
  const text = generator['$text'];
  if (typeof text !== 'string') throw new ScenarioError('"$text" is a text');
  return fillText(text, variables).repeat(fillCount(countOf(generator, 'times'), variables));
}

function onlyMembers(generator: Generator, known: string[]): void {
  const unknown = Object.keys(generator).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new ScenarioError(`"${unknown}" does not belong beside "${known[0] ?? ''}"`);
}

function countOf(generator: Generator, member: string): Count {
  const value = generator[member];
  if (typeof value !== 'number' && typeof value !== 'string') throw new ScenarioError(`"${member}" is a count`);
  return value;
}

function itemOf(generator: Generator): Json {
  const { item } = generator;
  if (item === undefined) throw new ScenarioError('a generator needs an "item"');
  return item;
}

function lookUp(name: string, variables: Variables): unknown {
  if (!Object.hasOwn(variables, name)) throw new ScenarioError(`there is no variable "${name}"`);
  return variables[name];
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
