import type { Request } from 'express';
import { expect, test } from 'vitest';
import { isFromOwnPage } from '../../../src/http/session/own-origin.ts';

const request = (headers: Record<string, string>) => ({ get: (name: string) => headers[name] }) as unknown as Request;

test.each<[publicUrl: string, host: string, origin: string | undefined, own: boolean | null]>([
  ['https://sync.example', 'sync.example', 'https://sync.example', true],
  ['https://sync.example/below', 'sync.example', 'https://sync.example', true],
  // Behind a proxy that changes Host.
  ['https://sync.example', '10.0.0.7:3000', 'https://sync.example', true],
  // By another name of this host.
  ['http://127.0.0.1:3000', 'localhost:3000', 'http://localhost:3000', true],
  ['https://sync.example', 'sync.internal', 'https://sync.internal', true],
  ['https://sync.example', 'sync.example', 'http://sync.example', false],
  ['https://sync.example', 'sync.example', 'https://sync.example:8443', false],
  ['https://sync.example', 'sync.example', 'https://evil.sync.example', false],
  ['https://sync.example', 'sync.example', 'null', false],
  ['https://sync.example', 'sync.example', '', false],
  ['https://sync.example', 'sync.example', undefined, null],
])('public %s, host %s, origin %s: %s', (publicUrl, host, origin, own) => {
  expect(isFromOwnPage(request({ host, ...(origin !== undefined && { origin }) }), publicUrl)).toBe(own);
});
