import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { endpoints } from '../contract/endpoints.ts';
import { exportFormats, type SyncLogEntryAnswer } from '../contract/sync-log-endpoints.ts';
import { syncLogAction, syncLogResourceType, syncLogStatus } from '../contract/sync-log.ts';
import { connect, withConnection, type ClientOptions } from './connection.ts';
import { findOrganizationId } from './find.ts';
import { parseMoment } from './moment.ts';
import { printJson, printLine, printTable } from './print.ts';
import type { RestClient } from './rest-client.ts';

interface FilterOptions extends ClientOptions {
  organization: string;
  status?: SyncLogEntryAnswer['status'];
  action?: SyncLogEntryAnswer['action'];
  resourceType?: SyncLogEntryAnswer['resource']['type'];
  resourceId?: string;
  query?: string;
  from?: string;
  to?: string;
  requestId?: string;
  jobId?: string;
}

type Entries = Omit<FilterOptions, keyof ClientOptions | 'organization'>;

/** How often `--follow` looks for new entries. */
const followIntervalMs = 1_000;

/** Known entries in a row after which nothing new is expected behind them. */
const lookBack = 50;

/** `rollcall logs tail|export` */
export function logsCommand(): Command {
  const logs = new Command('logs').description('read the sync log');

  withFilters(logs.command('tail'))
    .description('print the newest entries, oldest of them first')
    .option('-n, --lines <number>', 'at most so many', parseLines, 20)
    .option('-f, --follow', 'go on printing new entries until Ctrl-C')
    .addHelpText('after', '\nExample:\n  $ rollcall logs tail --organization Acme --status FAILED --follow')
    .action(async (options: FilterOptions & { lines: number; follow?: true }) => {
      const client = await connect(options);
      const organizationId = await findOrganizationId(client, options.organization);
      const filters = filtersOf(options);
      const { items } = await client.call(endpoints.listSyncLogs, {
        parameters: { organizationId },
        query: { ...filters, limit: options.lines },
      });
      const newest = items.toReversed();
      if (options.follow) {
        newest.forEach((entry) => printEntry(entry, options));
        await follow(client, organizationId, filters, newest, (entry) => printEntry(entry, options));
      } else if (options.json) printJson({ items: newest });
      else {
        printTable(
          ['time', 'action', 'status', 'resource', 'by', 'message'],
          newest.map((entry) => [
            entry.occurredAt,
            entry.action,
            entry.status,
            nameOf(entry),
            entry.actor.name,
            entry.message,
          ]),
          'No entries match.',
        );
      }
    });

  withFilters(logs.command('export'))
    .description('write all matching entries, newest first')
    .addOption(new Option('--format <format>', 'what to write').choices(exportFormats).default('ndjson'))
    .option('--output <file>', 'write to this file instead of standard output')
    .addHelpText(
      'after',
      '\nExample:\n  $ rollcall logs export --organization Acme --format csv --from 7d --output log.csv',
    )
    .action(async (options: FilterOptions & { format: (typeof exportFormats)[number]; output?: string }) => {
      const client = await connect(options);
      const organizationId = await findOrganizationId(client, options.organization);
      const bytes = await client.stream(endpoints.exportSyncLogs, {
        parameters: { organizationId },
        query: { ...filtersOf(options), format: options.format },
      });
      if (options.output === undefined) await pipeline(Readable.from(bytes), process.stdout, { end: false });
      else await pipeline(Readable.from(bytes), createWriteStream(options.output, { mode: 0o600 }));
    });

  return logs;
}

function withFilters(command: Command): Command {
  return withConnection(command)
    .requiredOption('--organization <organization>', 'id or name')
    .addOption(new Option('--status <status>', 'only these').choices(syncLogStatus.options))
    .addOption(new Option('--action <action>', 'only these').choices(syncLogAction.options))
    .addOption(new Option('--resource-type <type>', 'only about these').choices(syncLogResourceType.options))
    .option('--resource-id <id>', 'only about this resource')
    .option('--query <text>', 'part of a name or of the message')
    .option('--from <time>', 'at this time or later: 2026-05-01T12:00:00Z, 30m, 2h, 7d', parseMoment)
    .option('--to <time>', 'before this time', parseMoment)
    .option('--request-id <id>', 'only what this request caused')
    .option('--job-id <id>', 'only what this job did');
}

function filtersOf(options: FilterOptions): Omit<Entries, 'query'> & { q?: string } {
  const { status, action, resourceType, resourceId, query, from, to, requestId, jobId } = options;
  const given = { status, action, resourceType, resourceId, q: query, from, to, requestId, jobId };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

async function follow(
  client: RestClient,
  organizationId: string,
  filters: ReturnType<typeof filtersOf>,
  printed: readonly SyncLogEntryAnswer[],
  print: (entry: SyncLogEntryAnswer) => void,
): Promise<never> {
  // Where nothing was there to begin with, whatever comes is new.
  const oldest = printed[0]?.id ?? '';
  const known = new Set(printed.map(({ id }) => id));
  for (;;) {
    await sleep(followIntervalMs);
    const fresh: SyncLogEntryAnswer[] = [];
    let inARow = 0;
    for await (const entry of client.items(endpoints.listSyncLogs, {
      parameters: { organizationId },
      query: filters,
    })) {
      // The list begins with the newest. An entry's id is as old as its request, so one may still come among others.
      inARow = known.has(entry.id) ? inARow + 1 : 0;
      if (inARow > lookBack || entry.id < oldest) break;
      if (inARow === 0) fresh.push(entry);
    }
    for (const entry of fresh.reverse()) {
      known.add(entry.id);
      print(entry);
    }
  }
}

function printEntry(entry: SyncLogEntryAnswer, { json }: { json?: boolean }): void {
  if (json) process.stdout.write(`${JSON.stringify(entry)}\n`);
  else printLine(`${entry.occurredAt}  ${entry.status.padEnd(7)}  ${entry.action}  ${nameOf(entry)}  ${entry.message}`);
}

function nameOf({ resource }: SyncLogEntryAnswer): string {
  return `${resource.type} ${resource.name ?? resource.id ?? ''}`.trim();
}

function parseLines(text: string): number {
  const lines = Number(text);
  if (!Number.isInteger(lines) || lines < 1 || lines > 200) throw new InvalidArgumentError('It must be 1 to 200.');
  return lines;
}
