import { loadConfig, publicUrl, type Config } from './platform/config.ts';
import { readAdminKey } from './platform/data-directory.ts';
import { runningEmbeddedPostgresUrl } from './platform/embedded-postgres.ts';
import { createLogger } from './platform/logger.ts';
import { startService } from './service.ts';

export interface LocalService {
  url: string;
  adminKey: string;
  databaseUrl: string;
  close(): Promise<void>;
}

/**
 * A service for a command that needs one: the one that already runs on the data directory, else one of its own on a
 * free port, with the environment's database, queue engine and data directory. Its log goes to standard error.
 */
export async function startLocalService(): Promise<LocalService> {
  const config = loadConfig(process.env);
  const running = await findRunning(config);
  if (running !== undefined) return running;

  const logger = createLogger({ level: 'warn', role: 'serve', destination: process.stderr });
  const service = await startService({
    role: 'serve',
    config: { ...config, host: '127.0.0.1', port: 0, publicUrl: null },
    logger,
    onLost: (err) => {
      logger.fatal({ err }, 'the service cannot go on');
      process.exit(1);
    },
  });
  const adminKey = config.adminKey ?? service.keptAdminKey?.value;
  if (service.url === null || adminKey === undefined) throw new Error('a serve process listens and has an admin key');
  return { url: service.url, adminKey, databaseUrl: service.databaseUrl, close: () => service.close() };
}

/** The service of `npm start` in another terminal, where it listens at the address that the environment gives. */
async function findRunning(config: Config): Promise<LocalService | undefined> {
  if (config.databaseUrl !== null) return undefined; // a further process works well beside those that run on it
  const databaseUrl = await runningEmbeddedPostgresUrl(config.dataDirectory);
  const adminKey = config.adminKey ?? (await readAdminKey(config.dataDirectory));
  if (databaseUrl === undefined || adminKey === undefined) return undefined;
  const url = publicUrl(config);
  const isReady = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) }).then(
    (response) => response.ok,
    () => false,
  );
  return isReady ? { url, adminKey, databaseUrl, close: () => Promise.resolve() } : undefined;
}
