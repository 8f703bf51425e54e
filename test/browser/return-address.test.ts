import { expect, test } from 'vitest';
import { returnAddress } from '../../src/console/session/return-address.ts';

const origin = 'https://rollcall.example';

test.each([
  [undefined, '/'],
  ['/organizations/1/logs?status=FAILED#x', '/organizations/1/logs?status=FAILED#x'],
  ['/queues', '/queues'],
  ['/sign-in?returnTo=/sign-in', '/'],
  ['https://evil.example/', '/'],
  ['//evil.example/', '/'],
  ['/\\evil.example', '/'],
  ['/\t/evil.example', '/'],
  ['javascript:alert(1)', '/'],
  ['organizations', '/'],
])('signing in with the way back %j leads to %s', (wanted, expected) => {
  expect(returnAddress(wanted, origin)).toBe(expected);
});
