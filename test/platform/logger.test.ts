import { expect, test } from 'vitest';
import { createLogger } from '../../src/platform/logger.ts';

function captureLogger(level: 'debug' | 'info' = 'info') {
  const lines: string[] = [];
  const logger = createLogger({ level, role: 'test', destination: { write: (line: string) => void lines.push(line) } });
  return { logger, lines };
}

test('writes one JSON line with time, level in words, role and message', () => {
  const { logger, lines } = captureLogger();
  logger.info({ requestId: 'r1' }, 'request');
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'info',
    role: 'test',
    requestId: 'r1',
    msg: 'request',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
  });
});

test('a name with line breaks and escapes stays inside its line', () => {
  const { logger, lines } = captureLogger();
  logger.info({ name: 'a\r\n{"level":"fatal"}\u001b[31m' }, 'x\ny');
  expect(lines).toHaveLength(1);
  // eslint-disable-next-line no-control-regex -- an escape must not reach a terminal
  expect(lines[0]).not.toMatch(/\r|\n.|\u001b/);
});

test.each([
  ['a field named token', { token: 'tip-top-secret' }],
  ['a field named authorization, one level down', { headers: { authorization: 'Basic tip-top-secret' } }],
  ['a bearer token in a text', { detail: 'sent Authorization: Bearer tip-top-secret here' }],
  ['one of our tokens in a text', { detail: 'token rc_scim_tip0top0secret0tip-top-secret was used' }],
  ['an admin key in a text', { detail: 'rc_admin_tip-top-secret' }],
  ['a password in a URL', { detail: 'cannot reach postgres://rollcall:tip-top-secret@db:5432/x' }],
  ['a password in a URL without a user', { detail: 'redis://:tip-top-secret@cache' }],
  ['an error that holds one', { err: new Error('Bearer tip-top-secret refused') }],
])('blanks %s', (_what, fields) => {
  const { logger, lines } = captureLogger();
  logger.info(fields, 'message');
  expect(lines[0]).toContain('[redacted]');
  expect(lines[0]).not.toContain('tip-top-secret');
  expect(() => JSON.parse(lines[0] ?? '') as unknown).not.toThrow();
});

test('leaves ordinary URLs and addresses alone', () => {
  const { logger, lines } = captureLogger();
  logger.info({ url: 'http://127.0.0.1:3000/api', user: 'ada@acme.example' }, 'message');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ url: 'http://127.0.0.1:3000/api', user: 'ada@acme.example' });
});

test('an error is told by its type, message, code, stack and cause, without what a library hung onto it', () => {
  const { logger, lines } = captureLogger();
  const err = Object.assign(new Error('lost', { cause: new Error('reset') }), {
    code: '57P01',
    client: { secret: 'x' },
  });
  logger.warn({ err }, 'message');
  const { err: logged } = JSON.parse(lines[0] ?? '') as { err: Record<string, unknown> };
  expect(Object.keys(logged).sort()).toEqual(['cause', 'code', 'message', 'stack', 'type']);
  expect(logged).toMatchObject({ type: 'Error', message: 'lost', code: '57P01', cause: { message: 'reset' } });
});
