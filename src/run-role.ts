import { banner } from './banner.ts';
import { loadConfig } from './platform/config.ts';
import { createLogger } from './platform/logger.ts';
import type { Role } from './role.ts';
import { startService } from './service.ts';

/**
 * Two signals in quick succession are one Ctrl-C: the terminal sends it to the whole process group, and npm passes it
 * on once more. A person who means it a second time is slower.
 */
const sameSignalMs = 1_000;

/**
 * Runs a role until the process is told to stop (SIGINT, SIGTERM, SIGHUP), then finishes what is in flight. A second
 * signal ends it at once; the embedded Postgres then stops by itself.
 *
 * @throws StartupError when it cannot start
 */
export async function runRole(role: Role): Promise<void> {
  const config = loadConfig(process.env);
  const logger = createLogger({ level: config.logLevel, role });

  const die = (err: unknown): void => {
    logger.fatal({ err }, 'the process cannot go on');
    process.exit(1);
  };
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);

  // Listened to from the start: a signal that comes while starting is obeyed as soon as everything can be undone.
  const toldToStop = stopSignal(() => logger.warn('told to stop a second time: ending at once'));
  const service = await startService({ role, config, logger, onLost: die });
  // Beside a log that is read by machines the banner, and the key in it, is for the person who watches: standard error.
  if (role === 'serve') (process.stdout.isTTY ? process.stdout : process.stderr).write(banner(service, config));
  logger.info({ ...(service.url !== null && { url: service.url }) }, `${role} is ready`);

  const signal = await toldToStop;
  logger.info({ signal }, 'stopping: finishing what is in flight');
  await service.close();
  logger.info('stopped');
  process.exit(0);
}

function stopSignal(onSecond: () => void): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let firstAt: number | undefined;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (firstAt === undefined) {
        firstAt = Date.now();
        resolve(signal);
      } else if (Date.now() - firstAt > sameSignalMs) {
        onSecond();
        process.exit(130);
      }
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  });
}
