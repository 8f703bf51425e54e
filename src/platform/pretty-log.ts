import { default as pinoPretty } from 'pino-pretty';
import type { DestinationStream } from 'pino';

/** Log lines for a person at a terminal, written in this thread so that none is lost when the process ends. */
export function pretty(): DestinationStream {
  return pinoPretty({
    sync: true,
    colorize: true,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,role',
    singleLine: true,
  });
}
