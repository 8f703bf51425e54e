import { randomBytes } from 'node:crypto';
import { Command, InvalidArgumentError, Option } from 'commander';
import { openDatabase } from '../../platform/database.ts';
import { withConnection, type ClientOptions } from '../connection.ts';
import { printJson, printLine } from '../print.ts';
import { createRestClient } from '../rest-client.ts';
import { noProgress, showProgress } from '../simulate/progress.ts';
import { printResult, succeeded } from './print-result.ts';
import { runDemo, type DemoOptions } from './run-demo.ts';

/** A running service, and the database that the oracle reads. */
interface DemoService {
  url: string;
  adminKey: string;
  databaseUrl: string;
  close(): Promise<void>;
}

export interface DemoDependencies {
  /** Starts a service for the demo alone, or hands out the one that runs already (`close` then leaves it running). */
  startLocalService(): Promise<DemoService>;
}

const examples = `
Examples:
  $ rollcall demo                       # starts what it needs
  $ rollcall demo --url http://127.0.0.1:3000 --admin-key KEY --database-url postgres://...
  $ rollcall demo --users 2000 --groups 40

Exit code 1 when any user's access differs from the oracle's, a job failed, or an answer was unexpected.`;

/** `rollcall demo`. */
export function demoCommand(dependencies: DemoDependencies): Command {
  return withConnection(new Command('demo'))
    .description('a made-up company, synced, mapped and changed before your eyes; every access checked at the end')
    .addOption(new Option('--database-url <url>', 'database of the service at --url').env('DATABASE_URL'))
    .option('--users <n>', 'people of the company', countOf, 200)
    .option('--groups <n>', 'groups of the company', countOf, 12)
    .option('--seed <text>', 'the same seed makes the same company (default: random)', seedOf)
    .addHelpText('after', examples)
    .action(async (given: GivenOptions, command: Command) => {
      const service = await serviceOf(given, command, dependencies);
      const db = openDatabase({
        url: service.databaseUrl,
        maxConnections: 1,
        applicationName: 'rollcall-demo',
        onIdleError: () => undefined, // the next query reports a lost connection
      });
      try {
        const result = await runDemo(
          { ...given, seed: given.seed ?? `demo-${randomBytes(3).toString('hex')}` },
          {
            client: createRestClient(service),
            db,
            progress: given.json === true ? noProgress : showProgress(),
            tell: given.json === true ? () => undefined : printLine,
          },
        );
        if (given.json === true) printJson(result);
        else printResult(result);
        if (!succeeded(result)) process.exitCode = 1;
      } finally {
        await db.close();
        await service.close();
      }
    });
}

type GivenOptions = ClientOptions & Omit<DemoOptions, 'seed'> & { seed?: string; databaseUrl?: string };

async function serviceOf(
  { url, adminKey, databaseUrl }: GivenOptions,
  command: Command,
  dependencies: DemoDependencies,
): Promise<DemoService> {
  if (url === undefined) return dependencies.startLocalService();
  const key = adminKey ?? process.env['ROLLCALL_ADMIN_KEY'];
  if (key === undefined || databaseUrl === undefined) {
    command.error('error: with --url, the demo also needs --admin-key and --database-url');
  }
  return { url, adminKey: key, databaseUrl, close: () => Promise.resolve() };
}

function countOf(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It must be a whole number above 0.');
  return Number(text);
}

/** It becomes part of the domain of every address. */
function seedOf(text: string): string {
  if (!/^[a-z0-9](?:[a-z0-9-]{0,40}[a-z0-9])?$/.test(text)) {
    throw new InvalidArgumentError('It must be made of lower-case letters, digits and inner hyphens.');
  }
  return text;
}
