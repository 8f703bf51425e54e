import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { failureClasses } from '../../src/contract/failure.ts';
import {
  describeFailure,
  failureCodes,
  failureOf,
  failureOfKind,
  isHopeless,
  storedFailure,
} from '../../src/jobs/failure.ts';
import { UnknownPayloadError } from '../../src/jobs/parse-payload.ts';

function databaseError(code: string): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError('near "secret value"', 19, 'error'), { code });
}

function nodeError(code: string): Error {
  return Object.assign(new Error('secret value'), { code });
}

describe('an error of a job', () => {
  test.each([
    [databaseError('57014'), 'database-busy', 'retry'],
    [databaseError('55P03'), 'database-busy', 'retry'],
    [databaseError('40P01'), 'database-busy', 'retry'],
    [databaseError('57P01'), 'database-away', 'retry'],
    [databaseError('08006'), 'database-away', 'retry'],
    [nodeError('ECONNREFUSED'), 'database-away', 'retry'],
    [new Error('timeout exceeded when trying to connect'), 'database-away', 'retry'],
    [databaseError('53100'), 'database-full', 'admin'],
    [databaseError('25006'), 'database-read-only', 'admin'],
    [databaseError('42703'), 'schema-differs', 'admin'],
    [databaseError('42501'), 'permission-denied', 'admin'],
    [databaseError('23503'), 'concurrent-change', 'retry'],
    [databaseError('22P05'), 'unusable-value', 'identity-provider'],
    [databaseError('54000'), 'unusable-value', 'identity-provider'],
    [databaseError('XX000'), 'database-refused', 'admin'],
    [new UnknownPayloadError('userIds: missing'), 'unknown-payload', 'admin'],
    [new Error('secret value'), 'unexpected', 'admin'],
    ['secret value', 'unexpected', 'admin'],
  ])('%o is %s: %s', (error, code, turn) => {
    const failure = failureOf(error);
    expect(failure).toMatchObject({ code, class: turn });
    expect(describeFailure(failure)).not.toContain('secret');
  });

  test('is hopeless only when nothing but another version of the service can help', () => {
    expect(isHopeless(new UnknownPayloadError('x'))).toBe(true);
    expect(isHopeless(databaseError('42501'))).toBe(false);
  });
});

test.each(failureCodes)('%s says whose turn it is and what to do, in whole sentences', (code) => {
  const failure = failureOfKind(code);
  expect(failureClasses).toContain(failure.class);
  expect(failure.problem).toMatch(/^[A-Z].*\.$/);
  expect(failure.advice).toMatch(/^[A-Z].*\.$/);
  expect(storedFailure(code, failure.class)).toEqual({ code, class: failure.class, advice: failure.advice });
});

test('a kind that a newer version stored keeps its class', () => {
  expect(storedFailure('of-tomorrow', 'retry')).toMatchObject({ code: 'of-tomorrow', class: 'retry' });
  expect(storedFailure(null, null)).toBeNull();
});
