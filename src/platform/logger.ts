import { pino, type DestinationStream, type Logger } from 'pino';
import { pretty } from './pretty-log.ts';
import { redactSecrets } from './redact-secrets.ts';
import type { LogLevel } from './config.ts';

export type { Logger } from 'pino';

export interface LoggerOptions {
  level: LogLevel;
  /** Which program writes, for places where the lines of several meet: `serve`, `api`, `worker`. */
  role: string;
  /** Defaults to standard output: one JSON line each, or coloured text when it is a terminal. */
  destination?: DestinationStream;
}

// Belt and braces: nothing in the code logs these, and a field that slips in by a whole object is blanked by its name.
const secretFields = ['authorization', 'cookie', 'password', 'token', 'adminKey', 'databaseUrl', 'redisUrl'];

/** Bytes that wait for a reader who has stopped reading: more is dropped, as a full pipe must not end the process. */
const maxUnwritten = 16 * 1024 * 1024;

/**
 * A logger whose lines hold no secret: fields with a secret's name are blanked, and so is everything in any text that
 * looks like a bearer token, one of our own keys, or the password in a URL.
 */
export function createLogger(options: LoggerOptions): Logger {
  const { level, role } = options;
  // A system call for each line would cost more than all else that is done for it; so lines go out together, after a
  // twentieth of a second at most, and at once when the process ends. A process that is killed may lose so much.
  // (Lines beyond `maxUnwritten` are dropped.)
  const destination =
    options.destination ??
    (process.stdout.isTTY
      ? pretty()
      : pino.destination({ sync: false, minLength: 12_288, maxLength: maxUnwritten, periodicFlush: 50 }));
  return pino(
    {
      level,
      base: { role, pid: process.pid },
      // ISO 8601 in UTC, like every other time that the service shows.
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretFields.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[redacted]' },
      serializers: { err: describeError },
      hooks: { streamWrite: redactSecrets },
    },
    destination,
  );
}

/**
 * The same for lines whose fields are known beforehand, and none of which has a secret's name: to look for those costs as
 * much as the rest of a line. Text that looks like a secret is blanked all the same.
 */
export function withKnownFields(logger: Logger): Logger {
  return logger.child({}, { redact: [] });
}

/**
 * What a line says of an error: an allow-list, because libraries hang whole connections on their errors, and Postgres
 * quotes the values of rows in some fields.
 */
function describeError(error: unknown): unknown {
  // Whoever threw or described something else chose what to say.
  if (!(error instanceof Error)) return error;
  return {
    type: error.name,
    message: error.message,
    ...('code' in error && { code: error.code }),
    stack: error.stack,
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  };
}
