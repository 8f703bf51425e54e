import { InvalidArgumentError } from 'commander';
import { expect, test } from 'vitest';
import { parseMoment } from '../../src/cli/moment.ts';

test.each([
  ['2026-05-01', '2026-05-01T00:00:00.000Z'],
  ['2026-05-01T12:00:00Z', '2026-05-01T12:00:00.000Z'],
  ['2026-05-01T12:00:00+02:00', '2026-05-01T10:00:00.000Z'],
])('%s is %s', (text, expected) => {
  expect(parseMoment(text)).toBe(expected);
});

test.each([
  ['30s', 30],
  ['15m', 15 * 60],
  ['2h', 2 * 3600],
  ['7d', 7 * 86_400],
])('%s is %d seconds ago', (text, seconds) => {
  const ago = (Date.now() - Date.parse(parseMoment(text))) / 1000;
  expect(Math.abs(ago - seconds)).toBeLessThan(5);
});

test.each(['', 'yesterday', '5', '2w', '-1h', '2026-13-01', '1234567d'])('%j is refused', (text) => {
  expect(() => parseMoment(text)).toThrow(InvalidArgumentError);
});
