import { expect, test } from 'vitest';
import { parseRedisUrl, type RedisPlace } from '../../src/platform/redis-url.ts';

const plain: RedisPlace = {
  kind: 'standalone',
  hosts: [{ host: 'cache', port: 6379 }],
  tls: false,
  username: '',
  password: '',
  database: 0,
  primaryName: '',
  sentinelUsername: '',
  sentinelPassword: '',
};

test.each<[string, Partial<RedisPlace>]>([
  ['redis://cache', {}],
  ['redis://cache/', {}],
  ['redis://cache:6380/2', { hosts: [{ host: 'cache', port: 6380 }], database: 2 }],
  ['rediss://:s%40crt@cache', { tls: true, password: 's@crt' }],
  ['redis://rollcall:a:b@cache', { username: 'rollcall', password: 'a:b' }],
  ['redis://[::1]:7000', { hosts: [{ host: '::1', port: 7000 }] }],
  [
    'redis-sentinel://:secret@a,b:26380/main/1?sentinelUsername=watch&sentinelPassword=p%26w',
    {
      kind: 'sentinel',
      hosts: [
        { host: 'a', port: 26379 },
        { host: 'b', port: 26380 },
      ],
      password: 'secret',
      primaryName: 'main',
      database: 1,
      sentinelUsername: 'watch',
      sentinelPassword: 'p&w',
    },
  ],
  [
    'rediss-cluster://u:p@a:7000,b:7001',
    {
      kind: 'cluster',
      tls: true,
      username: 'u',
      password: 'p',
      hosts: [
        { host: 'a', port: 7000 },
        { host: 'b', port: 7001 },
      ],
    },
  ],
])('%s is read', (text, expected) => {
  expect(parseRedisUrl(text)).toEqual({ ...plain, ...expected });
});

test.each([
  ['localhost:6379', /must be a URL such as/],
  ['http://localhost:6379', /must be a URL such as/],
  ['redis-relay://a', /must be a URL such as/],
  ['redis://a,b', /must name one host; several need redis-sentinel/],
  ['redis://a:99999', /must name hosts as host:port/],
  ['redis://a b', /must name hosts as host:port/],
  ['redis://a/x', /must end in the number of a database/],
  ['redis-sentinel://a', /must name the primary that the Sentinels watch/],
  ['redis-cluster://a/1', /must not name a database/],
  ['redis://:%E0%A4%A@a', /percent-encoded/],
])('%s is refused in words that repeat no secret', (text, reason) => {
  expect(() => parseRedisUrl(text)).toThrow(reason);
});
