import { expect, inject, test } from 'vitest';
import { checkPostgres, checkRedis, placeOf } from '../../src/platform/reachability.ts';
import { StartupError } from '../../src/platform/startup-error.ts';
import { databaseUrl } from '../support/database.ts';
import { freePort } from '../support/test-services.ts';

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
