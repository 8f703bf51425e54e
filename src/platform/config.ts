import { resolve } from 'node:path';
import { z } from 'zod';
import { parseRedisUrl } from './redis-url.ts';
import { StartupError } from './startup-error.ts';

/** Everything the environment decides, parsed once when a process starts. */
export interface Config {
  host: string;
  /** 0 lets the system choose a free one. */
  port: number;
  /** Where `rollcall worker` answers health and metrics; null: it does not listen. */
  workerPort: number | null;
  /** Base of every URL that is shown or handed out, without a trailing slash; null: follows from host and port. */
  publicUrl: string | null;
  /** null: embedded Postgres in the data directory. */
  databaseUrl: string | null;
  /** Whether Postgres keeps statements that come again; false for a pooler that cannot have them. */
  preparedStatements: boolean;
  /** null: BullMQ runs in the same Postgres. */
  redisUrl: string | null;
  /** Over how many sets of queues in Redis the organizations are spread; the same number in every process. */
  queueShards: number;
  /** Absolute path. */
  dataDirectory: string;
  /** The platform admin key; null: kept in the data directory. */
  adminKey: string | null;
  logLevel: LogLevel;
  /** null: sync log entries are kept for ever. */
  syncLogRetentionDays: number | null;
  /** How often the access of every organization is computed anew as insurance; null: never. */
  resyncIntervalHours: number | null;
  /**
   * When the removals of one token count as unusually large: more users than `users`, or more than `percent` of the
   * active ones, within the window. null: by this measure never.
   */
  bulkChangeAlarm: { users: number | null; percent: number | null; windowMinutes: number };
  /** Requests a second that one organization's identity provider may send, all replicas together. */
  scimRateLimitPerSecond: number;
  /**
   * Requests of one organization's identity provider that one process works on at the same time while another
   * organization is active; null: as many as there are.
   */
  scimRequestsBesideOthers: number | null;
  /** Requests a second about one organization on the admin API. */
  adminRateLimitPerSecond: number;
  /** How many reverse proxies add to `X-Forwarded-For`; 0: the header is anybody's and not believed. */
  trustedProxyHops: number;
}

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Entra sends up to 25 requests a second for one organization; a lower limit would break its sync. */
const leastRateLimit = 25;

/** A variable of the environment has a value that cannot be used; the message names it. */
export class ConfigError extends StartupError {
  constructor(message: string) {
    super(message);
    this.name = 'ConfigError';
  }
}

const integer = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= least && value <= most, `must be between ${least} and ${most}`);

const httpUrl = z
  .string()
  .refine((text) => /^https?:\/\//.test(text) && URL.canParse(text), 'must be an http:// or https:// URL')
  .refine((text) => !/[?#]/.test(text), 'must not have a query or a fragment')
  .transform((text) => text.replace(/\/+$/, ''));

function checkRedisUrl(text: string, context: z.RefinementCtx): void {
  try {
    parseRedisUrl(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
  }
}

const environment = z.object({
  HOST: z
    .string()
    .regex(/^[\w.:%-]+$/, 'must be a host name or an address to listen on')
    .default('127.0.0.1'),
  PORT: integer(0, 65_535).default(3000),
  WORKER_PORT: integer(0, 65_535).optional(),
  PUBLIC_URL: httpUrl.optional(),
  // A URL with a socket directory (postgres://user:password@/db?host=/run/postgresql) is no URL to the WHATWG parser,
  // so only the scheme is checked here; the first connection checks the rest.
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\/./, 'must be a URL such as postgres://user@host:5432/database')
    .optional(),
  DATABASE_PREPARED_STATEMENTS: z.enum(['on', 'off'], { error: 'must be on or off' }).default('on'),
  REDIS_URL: z.string().superRefine(checkRedisUrl).optional(),
  QUEUE_SHARDS: integer(1, 64).default(1),
  DATA_DIR: z.string().default('.rollcall'),
  // Sent in a header, so printable ASCII without blanks; short keys can be guessed.
  ROLLCALL_ADMIN_KEY: z
    .string()
    .regex(/^[!-~]+$/, 'must be printable ASCII without blanks')
    .min(12, 'must have at least 12 characters')
    .max(512, 'must have at most 512 characters')
    .optional(),
  LOG_LEVEL: z.enum(logLevels, { error: `must be one of ${logLevels.join(', ')}` }).default('info'),
  SYNC_LOG_RETENTION_DAYS: integer(1, 36_500).optional(),
  RESYNC_INTERVAL_HOURS: integer(0, 8_760).default(10),
  // A department that closes is some hundreds; a fifth of a company is not a usual day.
  BULK_CHANGE_ALARM_USERS: integer(0, 10_000_000).default(500),
  BULK_CHANGE_ALARM_PERCENT: integer(0, 100).default(20),
  BULK_CHANGE_ALARM_WINDOW_MINUTES: integer(1, 1_440).default(60),
  SCIM_RATE_LIMIT_PER_SECOND: integer(leastRateLimit, 1_000_000).default(5_000),
  // One keeps a processor of two free for the others (docs/performance.md); and it is still hundreds of requests a second.
  SCIM_REQUESTS_BESIDE_OTHERS: integer(0, 1_000).default(1),
  ADMIN_RATE_LIMIT_PER_SECOND: integer(leastRateLimit, 1_000_000).default(5_000),
  TRUSTED_PROXY_HOPS: integer(0, 10).default(0),
});

/**
 * Reads the configuration from environment variables. An empty value counts as unset, so that a compose file can pass
 * a variable through.
 *
 * @throws ConfigError that names each wrong variable in one line, never with the value of a secret
 */
export function loadConfig(variables: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(
    Object.entries(variables)
      .map(([name, value]) => [name, value?.trim()] as const)
      .filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    // One complaint for each variable: the first says enough.
    const complaints = new Map<string, string>();
    for (const { path, message } of parsed.error.issues) {
      const name = path.join('.');
      if (!complaints.has(name)) complaints.set(name, `${name} ${message}`);
    }
    throw new ConfigError([...complaints.values()].join('; '));
  }
  const values = parsed.data;
  return {
    host: values.HOST,
    port: values.PORT,
    workerPort: values.WORKER_PORT ?? null,
    publicUrl: values.PUBLIC_URL ?? null,
    databaseUrl: values.DATABASE_URL ?? null,
    preparedStatements: values.DATABASE_PREPARED_STATEMENTS === 'on',
    redisUrl: values.REDIS_URL ?? null,
    queueShards: values.QUEUE_SHARDS,
    dataDirectory: resolve(values.DATA_DIR),
    adminKey: values.ROLLCALL_ADMIN_KEY ?? null,
    logLevel: values.LOG_LEVEL,
    syncLogRetentionDays: values.SYNC_LOG_RETENTION_DAYS ?? null,
    resyncIntervalHours: values.RESYNC_INTERVAL_HOURS === 0 ? null : values.RESYNC_INTERVAL_HOURS,
    bulkChangeAlarm: {
      users: values.BULK_CHANGE_ALARM_USERS === 0 ? null : values.BULK_CHANGE_ALARM_USERS,
      percent: values.BULK_CHANGE_ALARM_PERCENT === 0 ? null : values.BULK_CHANGE_ALARM_PERCENT,
      windowMinutes: values.BULK_CHANGE_ALARM_WINDOW_MINUTES,
    },
    scimRateLimitPerSecond: values.SCIM_RATE_LIMIT_PER_SECOND,
    scimRequestsBesideOthers: values.SCIM_REQUESTS_BESIDE_OTHERS === 0 ? null : values.SCIM_REQUESTS_BESIDE_OTHERS,
    adminRateLimitPerSecond: values.ADMIN_RATE_LIMIT_PER_SECOND,
    trustedProxyHops: values.TRUSTED_PROXY_HOPS,
  };
}

/** PUBLIC_URL, or what follows from the address that the server listens on. Without a trailing slash. */
export function publicUrl(config: Pick<Config, 'host' | 'port' | 'publicUrl'>): string {
  if (config.publicUrl !== null) return config.publicUrl;
  const everywhere = config.host === '0.0.0.0' || config.host === '::';
  const host = everywhere ? '127.0.0.1' : config.host;
  return `http://${host.includes(':') ? `[${host}]` : host}:${config.port}`;
}
