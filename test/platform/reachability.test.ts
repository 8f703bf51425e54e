import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, inject, test } from 'vitest';
import { checkPostgres, checkRedis, placeOf } from '../../src/platform/reachability.ts';
import { StartupError } from '../../src/platform/startup-error.ts';
import { databaseUrl } from '../support/database.ts';
import { freePort } from '../support/free-port.ts';

test('a database that answers is fine', async () => {
  await expect(checkPostgres(inject('postgresUrl'))).resolves.toBeUndefined();
});

test('a database that is not there is named, with what to do', async () => {
  const check = checkPostgres(databaseUrl(inject('postgresUrl'), 'no_such_database'));
  await expect(check).rejects.toThrow(StartupError);
  await expect(check).rejects.toThrow(/^DATABASE_URL: .*\/no_such_database has no such database: create it first\.$/);
});

test('nobody at the address is told within seconds, without the password', async () => {
  const place = `127.0.0.1:${await freePort()}`;
  await expect(checkPostgres(`postgres://u:hunter2@${place}/db`)).rejects.toThrow(
    `DATABASE_URL: Postgres at ${place}/db cannot be reached: nothing listens there (ECONNREFUSED).`,
  );
  await expect(checkRedis(`redis://:hunter2@${place}`)).rejects.toThrow(
    `REDIS_URL: Redis at ${place} cannot be reached: nothing listens there (ECONNREFUSED).`,
  );
});

describe('a Redis', () => {
  // What Redis says is part of its protocol: a stand-in of a few lines says it without a server to configure.
  const replies: Record<string, string> = {
    open: '+PONG\r\n',
    'with a password that fits': '+OK\r\n+PONG\r\n',
    'that still loads its data': '-LOADING Redis is loading the dataset in memory\r\n',
  };
  test.each(Object.keys(replies))('%s is fine', async (kind) => {
    const password = kind.includes('password') ? ':secret@' : '';
    await withAnswer(replies[kind] ?? '', async (place) => {
      await expect(checkRedis(`redis://${password}${place}`)).resolves.toBeUndefined();
    });
  });

  test.each([
    ['that refuses the password', '-WRONGPASS invalid username-password pair\r\n-NOAUTH\r\n', 'refuses the user or'],
    ['that asks for a password', '-NOAUTH Authentication required.\r\n', 'refuses the user or the password'],
    ['that is none', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'does not answer as Redis does ("HTTP/1.1 400 Bad Request")'],
    ['that hangs up', '', 'cannot be used (the connection was closed at once)'],
  ])('%s is named, without the password', async (_kind, answer, reason) => {
    await withAnswer(answer, async (place) => {
      await expect(checkRedis(`redis://:hunter2@${place}`)).rejects.toThrow(`REDIS_URL: Redis at ${place} ${reason}`);
    });
  });

  test.skipIf(inject('redisUrl') === null)('for real is fine', async () => {
    await expect(checkRedis(inject('redisUrl') ?? '')).resolves.toBeUndefined();
  });

  /** Answers the first bytes with `answer`, or hangs up when it is empty. */
  async function withAnswer(answer: string, work: (place: string) => Promise<void>): Promise<void> {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => (answer === '' ? socket.end() : socket.write(answer)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      await work(`127.0.0.1:${(server.address() as AddressInfo).port}`);
    } finally {
      server.close();
    }
  }
});

test('a host name that does not resolve is told', async () => {
  await expect(checkRedis('redis://cache.invalid')).rejects.toThrow(/REDIS_URL: .* the host name does not resolve/);
});

test.each([
  ['postgres://user:secret@db:5432/rollcall?sslmode=require', 'db:5432/rollcall'],
  ['postgres://user:secret@/rollcall?host=%2Frun%2Fpostgresql', '/run/postgresql/rollcall'],
  ['redis://cache', 'cache'],
  ['rediss://:secret@cache:6380/2', 'cache:6380/2'],
])('%s is shown as %s', (url, place) => {
  expect(placeOf(url)).toBe(place);
});
