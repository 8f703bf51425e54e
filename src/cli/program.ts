import { Command } from 'commander';
import { DomainError } from '../platform/errors.ts';
import { redactSecrets } from '../platform/redact-secrets.ts';
import { StartupError } from '../platform/startup-error.ts';
import { demoCommand, type DemoDependencies } from './demo/demo-command.ts';
import { driftCommand } from './drift.ts';
import { adminKeyCommand } from './admin-key.ts';
import { explainCommand } from './explain.ts';
import { jobsCommand } from './jobs.ts';
import { logsCommand } from './logs.ts';
import { mappingCommand } from './mapping.ts';
import { orgCommand } from './org.ts';
import { printJson, printLine } from './print.ts';
import { RefusedError } from './rest-client.ts';
import { resyncCommand } from './resync.ts';
import { schemaCommand } from './schema.ts';
import { scimCommand } from './scim.ts';
import { simulateCommand } from './simulate/simulate-command.ts';
import { workspaceCommand } from './workspace.ts';

/** What the commands need of the composition root, which they must not import. */
export interface ProgramDependencies extends DemoDependencies {
  runRole(role: 'serve' | 'api' | 'worker'): Promise<void>;
  /** @returns the names of the migrations that ran */
  runMigrations(): Promise<string[]>;
}

const environmentHelp = `
Environment of serve, api, worker and migrate:
  HOST, PORT               where to listen (127.0.0.1, 3000)
  PUBLIC_URL               base of the URLs that are handed out
  DATABASE_URL             Postgres; unset: embedded, in DATA_DIR
  DATABASE_PREPARED_STATEMENTS   off: for a pooler that lends another connection each time (on)
  REDIS_URL                Redis for the queues, also redis-sentinel:// and redis-cluster://; unset: the same Postgres
  QUEUE_SHARDS             sets of queues in Redis (1); the same in every process
  DATA_DIR                 data directory (.rollcall)
  ROLLCALL_ADMIN_KEY       platform admin key; unset: made and kept in DATA_DIR
  WORKER_PORT              where a worker answers /healthz, /readyz and /metrics; unset: nowhere
  LOG_LEVEL                trace, debug, info, warn, error, fatal or silent (info)
  SYNC_LOG_RETENTION_DAYS  how long sync log entries are kept; unset: for ever
  RESYNC_INTERVAL_HOURS    how often everybody's access is computed anew as insurance (10; 0: never)
  BULK_CHANGE_ALARM_USERS, BULK_CHANGE_ALARM_PERCENT, BULK_CHANGE_ALARM_WINDOW_MINUTES
                           alarm when one token removes so many users (500), or such a share of the
                           active ones (20), within the window (60); 0: never
  SCIM_RATE_LIMIT_PER_SECOND   requests of one organization's identity provider (5000; at least 25)
  SCIM_REQUESTS_BESIDE_OTHERS  of these, how many at once in a process while another organization is active (1; 0: all)
  ADMIN_RATE_LIMIT_PER_SECOND  requests about one organization on the admin API (5000; at least 25)
  TRUSTED_PROXY_HOPS       reverse proxies in front whose X-Forwarded-For is believed (0)

Examples:
  $ rollcall serve
  $ rollcall demo
  $ rollcall org create Acme --sso okta --domain acme.example
  $ rollcall scim enable --organization Acme`;

/** The command line. `run` resolves when the command is done; errors end the process with 1 and one line. */
export function createProgram(dependencies: ProgramDependencies): { run(argv: string[]): Promise<void> } {
  const program = new Command('rollcall')
    .description('Directory sync: SCIM 2.0 in, workspace access and organization roles out.')
    .showHelpAfterError('(--help shows how)')
    .addHelpText('after', environmentHelp);

  const role = (name: 'serve' | 'api' | 'worker', description: string, example: string): Command =>
    program
      .command(name)
      .description(description)
      .addHelpText('after', `\nExample:\n  $ ${example}`)
      .action(() => dependencies.runRole(name));
  role('serve', 'run everything in one process; migrates first', 'PORT=8080 rollcall serve');
  role(
    'api',
    'run the HTTP side alone, as often as wanted',
    'DATABASE_URL=… REDIS_URL=… ROLLCALL_ADMIN_KEY=… rollcall api',
  );
  role('worker', 'run the job side alone, as often as wanted', 'DATABASE_URL=… REDIS_URL=… rollcall worker');
  program
    .command('migrate')
    .description('bring the database schema to this version')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ DATABASE_URL=… rollcall migrate')
    .action(async (options: { json?: true }) => {
      const migrations = await dependencies.runMigrations();
      if (options.json) printJson({ migrations });
      else printLine(migrations.length === 0 ? 'The schema is current.' : `Migrated: ${migrations.join(', ')}`);
    });

  program.addCommand(demoCommand(dependencies));
  for (const command of [
    simulateCommand,
    orgCommand,
    scimCommand,
    adminKeyCommand,
    workspaceCommand,
    mappingCommand,
    jobsCommand,
    resyncCommand,
    driftCommand,
    schemaCommand,
  ]) {
    program.addCommand(command());
  }
  program.addCommand(logsCommand()).addCommand(explainCommand());

  return {
    run: async (argv) => {
      try {
        await program.parseAsync(argv);
      } catch (error) {
        process.stderr.write(`rollcall: ${redactSecrets(explanationOf(error))}\n`);
        process.exitCode = 1;
      }
    },
  };
}

/** One line for what a person can mend; the stack as well for what only we can. */
function explanationOf(error: unknown): string {
  if (error instanceof StartupError || error instanceof RefusedError || error instanceof DomainError) {
    return error.message.replaceAll('\n', ' ');
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
