import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError, loadConfig, publicUrl } from '../../src/platform/config.ts';

describe('loadConfig', () => {
  test('an empty environment gives the defaults of the documentation', () => {
    expect(loadConfig({})).toEqual({
      host: '127.0.0.1',
      port: 3000,
      preparedStatements: true,
      workerPort: null,
      publicUrl: null,
      queueShards: 1,
      databaseUrl: null,
      redisUrl: null,
      dataDirectory: resolve('.rollcall'),
      adminKey: null,
      logLevel: 'info',
      syncLogRetentionDays: null,
      resyncIntervalHours: 10,
      bulkChangeAlarm: { users: 500, percent: 20, windowMinutes: 60 },
      scimRateLimitPerSecond: 5_000,
      scimRequestsBesideOthers: 1,
      adminRateLimitPerSecond: 5_000,
      trustedProxyHops: 0,
    });
  });

  test('an empty or blank value counts as unset', () => {
    expect(loadConfig({ PORT: '', REDIS_URL: '  ', ROLLCALL_ADMIN_KEY: '' })).toEqual(loadConfig({}));
  });

  test.each([
    [{ PORT: '0' }, { port: 0 }],
    [{ PORT: '8080' }, { port: 8080 }],
    [{ HOST: '::1' }, { host: '::1' }],
    [{ PUBLIC_URL: 'https://sync.example.com/' }, { publicUrl: 'https://sync.example.com' }],
    [{ PUBLIC_URL: 'https://example.com/rollcall' }, { publicUrl: 'https://example.com/rollcall' }],
    [{ DATABASE_URL: 'postgresql://u:p@db/rollcall' }, { databaseUrl: 'postgresql://u:p@db/rollcall' }],
    [{ DATABASE_URL: 'postgres://u:p@/db?host=%2Frun' }, { databaseUrl: 'postgres://u:p@/db?host=%2Frun' }],
    [{ REDIS_URL: 'rediss://:secret@cache:6380/1' }, { redisUrl: 'rediss://:secret@cache:6380/1' }],
    [{ REDIS_URL: 'redis-cluster://a,b' }, { redisUrl: 'redis-cluster://a,b' }],
    [{ DATABASE_PREPARED_STATEMENTS: 'off' }, { preparedStatements: false }],
    [{ QUEUE_SHARDS: '8' }, { queueShards: 8 }],
    [{ LOG_LEVEL: 'debug' }, { logLevel: 'debug' }],
    [{ SCIM_RATE_LIMIT_PER_SECOND: '25' }, { scimRateLimitPerSecond: 25 }],
    [{ SCIM_REQUESTS_BESIDE_OTHERS: '4' }, { scimRequestsBesideOthers: 4 }],
    [{ SCIM_REQUESTS_BESIDE_OTHERS: '0' }, { scimRequestsBesideOthers: null }],
    [{ ADMIN_RATE_LIMIT_PER_SECOND: '50' }, { adminRateLimitPerSecond: 50 }],
    [{ TRUSTED_PROXY_HOPS: '2' }, { trustedProxyHops: 2 }],
    [{ SYNC_LOG_RETENTION_DAYS: '90' }, { syncLogRetentionDays: 90 }],
    [{ BULK_CHANGE_ALARM_USERS: '0' }, { bulkChangeAlarm: { users: null, percent: 20, windowMinutes: 60 } }],
    [{ BULK_CHANGE_ALARM_PERCENT: '0' }, { bulkChangeAlarm: { users: 500, percent: null, windowMinutes: 60 } }],
    [{ RESYNC_INTERVAL_HOURS: '24' }, { resyncIntervalHours: 24 }],
    [{ RESYNC_INTERVAL_HOURS: '0' }, { resyncIntervalHours: null }],
    [{ DATA_DIR: '/var/lib/rollcall' }, { dataDirectory: '/var/lib/rollcall' }],
  ])('takes %j', (environment, expected) => {
    expect(loadConfig(environment)).toMatchObject(expected);
  });

  test.each([
    ['PORT', 'http'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '3000.5'],
    ['WORKER_PORT', 'x'],
    ['HOST', 'http://localhost'],
    ['PUBLIC_URL', 'example.com'],
    ['PUBLIC_URL', 'ftp://example.com'],
    ['PUBLIC_URL', 'https://example.com/?x=1'],
    ['DATABASE_URL', 'mysql://u@db/x'],
    ['DATABASE_URL', 'db:5432'],
    ['DATABASE_PREPARED_STATEMENTS', 'no'],
    ['REDIS_URL', 'localhost:6379'],
    ['REDIS_URL', 'http://localhost:6379'],
    ['REDIS_URL', 'redis-sentinel://localhost:26379'],
    ['QUEUE_SHARDS', '0'],
    ['ROLLCALL_ADMIN_KEY', 'short'],
    ['ROLLCALL_ADMIN_KEY', 'with a blank in it'],
    ['LOG_LEVEL', 'verbose'],
    ['SYNC_LOG_RETENTION_DAYS', '0'],
    ['SYNC_LOG_RETENTION_DAYS', 'forever'],
    ['RESYNC_INTERVAL_HOURS', 'daily'],
  ])('refuses %s=%s in one line that begins with its name', (name, value) => {
    const load = () => loadConfig({ [name]: value });
    expect(load).toThrow(ConfigError);
    expect(load).toThrow(new RegExp(`^${name} must .+$`));
  });

  test('names every wrong variable once', () => {
    const load = () => loadConfig({ PORT: 'x', LOG_LEVEL: 'loud', ROLLCALL_ADMIN_KEY: 'a b' });
    expect(load).toThrow(/PORT must/);
    expect(load).toThrow(/LOG_LEVEL must/);
    expect(load).toThrow(/^(?!.*ROLLCALL_ADMIN_KEY.*ROLLCALL_ADMIN_KEY)/);
  });

  test('does not repeat the value of a secret', () => {
    expect(() => loadConfig({ ROLLCALL_ADMIN_KEY: 'hunter2' })).toThrow(/^(?!.*hunter2)/);
    expect(() => loadConfig({ DATABASE_URL: 'mysql://u:hunter2@db' })).toThrow(/^(?!.*hunter2)/);
  });
});

describe('publicUrl', () => {
  test.each([
    [{ host: '127.0.0.1', port: 3000, publicUrl: null }, 'http://127.0.0.1:3000'],
    [{ host: '0.0.0.0', port: 80, publicUrl: null }, 'http://127.0.0.1:80'],
    [{ host: '::1', port: 3000, publicUrl: null }, 'http://[::1]:3000'],
    [{ host: '127.0.0.1', port: 3000, publicUrl: 'https://sync.example.com' }, 'https://sync.example.com'],
  ])('of %j is %s', (config, expected) => {
    expect(publicUrl(config)).toBe(expected);
  });
});
