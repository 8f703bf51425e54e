import { randomBytes, randomUUID } from 'node:crypto';
import { openConnection, type Connection } from './exchange.ts';
import { fill, fillCount, fillText, savedList, ScenarioError, type Variables } from './fill.ts';
import { mismatches } from './match.ts';
import type { Expectation, Scenario, Step } from './scenario.ts';
import { brokenStandingRules, type Answer } from './standing-rules.ts';
import { isThere, valueAt } from './value-at.ts';

export interface PlayOptions {
  /** Without a trailing slash: `https://host/api/v1/scim/{organization}/v2`. */
  baseUrl: string;
  token: string;
  /** Awaited after each step, before the next one is sent. */
  afterStep?: (step: Step, result: StepResult) => Promise<void>;
}

export interface StepResult {
  name: string;
  outcome: 'passed' | 'failed' | 'skipped';
  /** What did not hold; for a skipped step, the feature it needs. */
  reasons: string[];
  /** The last request and answer of a failed step, for the reader of the report. */
  evidence?: string;
}

/** What one play of a file knows: how to reach the server, and what was saved so far. */
interface Play extends PlayOptions {
  connection: Connection;
  variables: Record<string, unknown>;
  /** The server's /ServiceProviderConfig, read when the first step needs it. */
  features?: unknown;
}

/** An answer with what the request asked for, and both as text for the report. */
interface PlayedAnswer extends Answer {
  accept: string;
  evidence: string;
}

interface Attempt {
  reasons: string[];
  saves: [name: string, value: unknown][];
  evidence: string;
}

/**
 * Plays a scenario: its steps in order, one at a time. A failed step does not end the play, but steps that rely on
 * what it should have saved fail too.
 */
export async function play(scenario: Scenario, options: PlayOptions): Promise<StepResult[]> {
  const connection = openConnection();
  const state: Play = { ...options, connection, variables: firstVariables(options.baseUrl) };
  const results: StepResult[] = [];
  try {
    for (const step of scenario) {
      const result = await playStep(step, state);
      results.push(result);
      await options.afterStep?.(step, result);
    }
    return results;
  } finally {
    connection.close();
  }
}

function firstVariables(baseUrl: string): Record<string, unknown> {
  // Starts with a letter, so that no name made of it looks like a number.
  const run = `r${randomBytes(4).toString('hex')}`;
  const variables: Record<string, unknown> = { run, RUN: run.toUpperCase(), base: baseUrl };
  for (let n = 1; n <= 9; n++) variables[`uuid${n}`] = randomUUID();
  return variables;
}

async function playStep(step: Step, state: Play): Promise<StepResult> {
  const { name } = step;
  try {
    const missing = await missingFeatures(step, state);
    if (missing.length > 0) return { name, outcome: 'skipped', reasons: missing };
    const attempts = await attemptAll(step, state);
    const failed = attempts.find(({ reasons }) => reasons.length > 0);
    return failed === undefined
      ? { name, outcome: 'passed', reasons: [] }
      : { name, outcome: 'failed', reasons: failed.reasons, evidence: failed.evidence };
  } catch (error) {
    return { name, outcome: 'failed', reasons: [error instanceof Error ? error.message : String(error)] };
  }
}

async function missingFeatures(step: Step, state: Play): Promise<string[]> {
  const needs = [step.needs ?? []].flat();
  if (needs.length === 0) return [];
  if (state.features === undefined) {
    const answer = await send({ name: '', method: 'GET', path: '/ServiceProviderConfig' }, state, state.variables);
    if (answer.status !== 200) throw new ScenarioError(`/ServiceProviderConfig answers ${answer.status}`);
    state.features = answer.body;
  }
  return needs.filter((path) => valueAt(state.features, path) !== true).map((path) => `${path} is not true`);
}

/** One attempt for each repetition; `parallel` of them at once. Saves happen in the order of repetition. */
async function attemptAll(step: Step, state: Play): Promise<Attempt[]> {
  const repetitions = repetitionsOf(step, state.variables);
  const parallel = Math.max(1, step.parallel === undefined ? 1 : fillCount(step.parallel, state.variables));
  const attempts: Attempt[] = [];
  if (parallel === 1) {
    for (const own of repetitions) {
      const attempt = await attemptOnce(step, state, { ...state.variables, ...own });
      attempts.push(attempt);
      save(attempt, state.variables);
    }
    return attempts;
  }
  const before = { ...state.variables };
  let next = 0;
  const runOne = async (): Promise<void> => {
    for (let index = next++; index < repetitions.length; index = next++) {
      attempts[index] = await attemptOnce(step, state, { ...before, ...repetitions[index] });
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, repetitions.length) }, runOne));
  for (const attempt of attempts) save(attempt, state.variables);
  return attempts;
}

function repetitionsOf(step: Step, variables: Variables): Record<string, unknown>[] {
  if (step.forEach !== undefined) {
    return savedList(step.forEach, variables).map((item, i) => ({ i, n: i + 1, item }));
  }
  const times = step.repeat === undefined ? 1 : fillCount(step.repeat, variables);
  return Array.from({ length: times }, (_, i) => ({ i, n: i + 1 }));
}

async function attemptOnce(step: Step, state: Play, variables: Variables): Promise<Attempt> {
  let answer: PlayedAnswer;
  try {
    answer = await send(step, state, variables);
  } catch (error) {
    return { reasons: [error instanceof Error ? error.message : String(error)], saves: [], evidence: '' };
  }
  const reasons = step.standing === false ? [] : brokenStandingRules(answer, answer.accept);
  reasons.push(...unmetExpectations(step, answer, variables));
  const saves: Attempt['saves'] = [];
  for (const [name, path] of Object.entries(step.save ?? {})) {
    const filled = fillText(path, variables);
    const value = filled.startsWith('header:')
      ? answer.headers[filled.slice('header:'.length).toLowerCase()]
      : valueAt(answer.body, filled);
    if (value === undefined) reasons.push(`nothing to save at ${filled}`);
    else saves.push([name, value]);
  }
  return { reasons, saves, evidence: answer.evidence };
}

/** Empty where at least one alternative holds; else what the alternative that came closest misses. */
function unmetExpectations(step: Step, answer: Answer, variables: Variables): string[] {
  const alternatives = [step.expect ?? {}].flat();
  const unmet = alternatives.map((expectation) => unmetParts(expectation, answer, variables));
  if (unmet.some((reasons) => reasons.length === 0)) return [];
  return unmet.reduce<string[]>((least, reasons) => (reasons.length < least.length ? reasons : least), unmet[0] ?? []);
}

function unmetParts(expectation: Expectation, answer: Answer, variables: Variables): string[] {
  const { status, headers = {}, body, absent = [] } = expectation;
  const unmet: string[] = [];
  if (status !== undefined && !status.includes(answer.status)) {
    unmet.push(`status ${answer.status}, not ${status.join(' or ')}`);
  }
  for (const [name, pattern] of Object.entries(headers)) {
    unmet.push(...mismatches(fill(pattern, variables), answer.headers[name.toLowerCase()], `header ${name}`));
  }
  if (answer.status === 204 || answer.status === 304) return unmet;
  if (body !== undefined) unmet.push(...mismatches(fill(body, variables), answer.body));
  for (const path of absent) {
    const filled = fillText(path, variables);
    if (isThere(valueAt(answer.body, filled))) unmet.push(`${filled} is there`);
  }
  return unmet;
}

function save(attempt: Attempt, variables: Record<string, unknown>): void {
  for (const [name, value] of attempt.saves) {
    if (!name.endsWith('[]')) {
      variables[name] = value;
      continue;
    }
    const list = name.slice(0, -2);
    const before = Object.hasOwn(variables, list) ? savedList(list, variables) : [];
    variables[list] = [...before, value];
  }
}

/** Fills and sends one request of a step. */
async function send(step: Step, { baseUrl, token, connection }: Play, variables: Variables): Promise<PlayedAnswer> {
  const path = fillText(step.path, variables);
  const url = /^https?:\/\//.test(path) ? path : baseUrl + path;
  const content =
    step.rawBody !== undefined
      ? fillText(step.rawBody, variables)
      : step.body !== undefined
        ? JSON.stringify(fill(step.body, variables))
        : undefined;
  const headers = requestHeaders(step, token, content !== undefined, variables);
  const response = await connection.exchange({
    method: step.method,
    url,
    headers,
    ...(content === undefined ? {} : { body: content }),
  });
  const accept = Object.entries(headers).find(([name]) => name.toLowerCase() === 'accept')?.[1] ?? '';
  const evidence = [`${step.method} ${path}`, content, `-> ${response.status}`, response.text]
    .filter((line) => line !== undefined && line !== '')
    .map((line) => (line ?? '').slice(0, 2_000))
    .join('\n');
  return { ...response, body: parsed(response.text), accept, evidence };
}

function requestHeaders(step: Step, token: string, hasBody: boolean, variables: Variables): Record<string, string> {
  const headers = new Map<string, [name: string, value: string]>();
  const set = (name: string, value: string): unknown => headers.set(name.toLowerCase(), [name, value]);
  set('Authorization', `Bearer ${token}`);
  set('Accept', 'application/scim+json');
  if (hasBody) set('Content-Type', 'application/scim+json');
  for (const [name, value] of Object.entries(step.headers ?? {})) {
    if (value === null) headers.delete(name.toLowerCase());
    else set(name, fillText(value, variables));
  }
  return Object.fromEntries(headers.values());
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
