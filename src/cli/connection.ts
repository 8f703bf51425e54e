import { InvalidArgumentError, type Command } from 'commander';
import { loadConfig, publicUrl } from '../platform/config.ts';
import { readAdminKey } from '../platform/data-directory.ts';
import { StartupError } from '../platform/startup-error.ts';
import { createRestClient, type RestClient } from './rest-client.ts';

/** What every command takes that talks to a running service. */
export interface ConnectionOptions {
  url?: string;
  adminKey?: string;
}

export interface OutputOptions {
  json?: boolean;
}

export type ClientOptions = ConnectionOptions & OutputOptions;

/** Adds `--url`, `--admin-key` and `--json`. */
export function withConnection(command: Command): Command {
  return command
    .option('--url <url>', 'where Rollcall runs (default: PUBLIC_URL, else HOST and PORT)', parseUrl)
    .option(
      '--admin-key <key>',
      'platform admin key, or one of the organization (default: ROLLCALL_ADMIN_KEY, else the one in DATA_DIR)',
    )
    .option('--json', 'print JSON instead of a table');
}

/** @throws StartupError when no admin key is to be found */
export async function connect(options: ConnectionOptions): Promise<RestClient> {
  const config = loadConfig(process.env);
  const adminKey = options.adminKey ?? config.adminKey ?? (await readAdminKey(config.dataDirectory));
  if (adminKey === undefined) {
    throw new StartupError(
      `No admin key: pass --admin-key, set ROLLCALL_ADMIN_KEY, or set DATA_DIR to the data directory of the service (${config.dataDirectory} holds none).`,
    );
  }
  return createRestClient({ url: options.url ?? publicUrl(config), adminKey });
}

function parseUrl(text: string): string {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) throw new InvalidArgumentError('It must be an http(s) URL.');
  return text.replace(/\/+$/, '');
}
