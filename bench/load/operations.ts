import type { Answer } from './http-connection.ts';

export interface HttpOperation {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  /** Below the SCIM base path. */
  path: string;
  body?: string;
  /** Which of the target's organizations it is for; left out: the first. */
  organization?: number;
}

/** One statement; prepared where it has a name: the same name always with the same text. */
export interface SqlOperation {
  name?: string;
  text: string;
  values?: unknown[];
}

/**
 * The requests of one workload, numbered; the same for every contender. What is sent as HTTP to the services is asked of
 * Postgres by `sql`, for the limit.
 */
export interface Operations {
  http(index: number): HttpOperation;
  /** @returns what is wrong with the answer, undefined when it is right */
  judge(index: number, answer: Answer): string | undefined;
  /** Absent: this workload has no limit of bare SQL. */
  sql?: (index: number) => SqlOperation | SqlOperation[];
  /** @param rows of the last statement that gave any */
  judgeRows?: (index: number, rows: readonly Record<string, unknown>[]) => string | undefined;
}

export function json(answer: Answer): Record<string, unknown> {
  return JSON.parse(answer.body.toString('utf8')) as Record<string, unknown>;
}

/** A complaint about an answer of the wrong status, with what it says. */
export function wrongStatus(answer: Answer, expected: number): string | undefined {
  if (answer.status === expected) return undefined;
  return `status ${answer.status} instead of ${expected}: ${answer.body.toString('utf8').slice(0, 300)}`;
}
