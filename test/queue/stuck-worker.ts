import { pino } from 'pino';
import { openDatabase } from '../../src/platform/database.ts';
import { openPostgresBackend } from '../../src/queue/postgres-backend.ts';
import { openRedisBackend } from '../../src/queue/redis-backend.ts';
import { startWorkers } from '../../src/queue/workers.ts';

/**
 * A worker process to be killed: it takes a job, says so on standard output, and never ends it.
 * Arguments: database URL, Redis URL or "-", prefix.
 */
const [databaseUrl = '', redisUrl = '-', prefix = ''] = process.argv.slice(2);
const logger = pino({ level: 'silent' });
startWorkers({
  db: openDatabase({ url: databaseUrl, maxConnections: 2, applicationName: 'stuck', onIdleError: () => undefined }),
  backend:
    redisUrl === '-'
      ? await openPostgresBackend({ databaseUrl, logger })
      : openRedisBackend({ url: redisUrl, prefix, logger }),
  logger,
  onJobFinished: () => undefined,
  runners: {
    'group-membership': () => {
      process.stdout.write('working\n');
      return new Promise(() => undefined);
    },
  },
});
