import { Command, InvalidArgumentError, Option } from 'commander';
import { endpoints } from '../contract/endpoints.ts';
import { jobQueue, jobStatus, type JobAnswer } from '../contract/jobs.ts';
import { connect, withConnection, type ClientOptions } from './connection.ts';
import { findOrganizationId } from './find.ts';
import { parseMoment } from './moment.ts';
import { printFields, printJson, printLine, printTable } from './print.ts';

interface ListOptions extends ClientOptions {
  organization?: string;
  queue?: JobAnswer['queue'];
  status?: JobAnswer['status'];
  limit: number;
}

interface ReplayOptions extends ClientOptions {
  organization?: string;
  queue?: JobAnswer['queue'];
  since?: string;
  reason?: string;
  dryRun?: true;
}

/** `rollcall jobs list|show|replay` */
export function jobsCommand(): Command {
  const jobs = new Command('jobs').description('look at the jobs that are not done, and replay failed ones');

  withConnection(jobs.command('list'))
    .description('list jobs that are not done, newest first')
    .option('--organization <organization>', 'id or name (default: all of them)')
    .addOption(queueOption())
    .addOption(new Option('--status <status>', 'only these').choices(jobStatus.options))
    .option('--limit <number>', 'at most so many', parseLimit, 50)
    .addHelpText('after', '\nExample:\n  $ rollcall jobs list --status failed')
    .action(async (options: ListOptions) => {
      const client = await connect(options);
      const organizationId =
        options.organization === undefined ? undefined : await findOrganizationId(client, options.organization);
      const { items } = await client.call(endpoints.listAllJobs, {
        parameters: {},
        query: { limit: options.limit, organizationId, queue: options.queue, status: options.status },
      });
      if (options.json) printJson({ items });
      else {
        printTable(
          ['id', 'queue', 'status', 'attempts', 'created', 'progress', 'error'],
          items.map((job) => [job.id, job.queue, job.status, job.attempts, job.createdAt, progressOf(job), job.error]),
          'No jobs are waiting: everything is done.',
        );
      }
    });

  withConnection(jobs.command('show'))
    .description('show one job that is not done')
    .argument('<jobId>', 'id of the job')
    .requiredOption('--organization <organization>', 'id or name')
    .addHelpText('after', '\nExample:\n  $ rollcall jobs show 0193a5… --organization Acme')
    .action(async (jobId: string, options: ClientOptions & { organization: string }) => {
      const client = await connect(options);
      const organizationId = await findOrganizationId(client, options.organization);
      const job = await client.call(endpoints.getJob, { parameters: { organizationId, jobId } });
      if (options.json) printJson(job);
      else {
        printFields({
          id: job.id,
          organization: job.organizationId,
          queue: job.queue,
          status: job.status,
          attempts: job.attempts,
          error: job.error,
          progress: progressOf(job),
          payload: JSON.stringify(job.payload),
          'request id': job.requestId,
          created: job.createdAt,
          updated: job.updatedAt,
          dispatched: job.dispatchedAt,
        });
      }
    });

  withConnection(jobs.command('replay'))
    .description('put failed jobs back to work: those named, or all that match')
    .argument('[jobIds...]', 'ids of jobs')
    .option('--organization <organization>', 'id or name (default: all of them)')
    .addOption(queueOption())
    .option('--since <time>', 'failed at this time or later: 2026-05-01T12:00:00Z, 30m, 2h, 7d', parseMoment)
    .option('--reason <text>', 'part of the error')
    .option('--dry-run', 'only count them')
    .addHelpText('after', '\nExample:\n  $ rollcall jobs replay --organization Acme --since 2h --dry-run')
    .action(async (jobIds: string[], options: ReplayOptions) => {
      const client = await connect(options);
      const body = {
        ...(jobIds.length > 0 && { ids: jobIds }),
        ...(options.queue !== undefined && { queue: options.queue }),
        ...(options.since !== undefined && { since: options.since }),
        ...(options.reason !== undefined && { reason: options.reason }),
        dryRun: options.dryRun ?? false,
      };
      const answer =
        options.organization === undefined
          ? await client.call(endpoints.replayAllJobs, { parameters: {}, body })
          : await client.call(endpoints.replayJobs, {
              parameters: { organizationId: await findOrganizationId(client, options.organization) },
              body,
            });
      if (options.json) printJson(answer);
      else if (answer.dryRun) printLine(`${answer.matched} failed jobs would be replayed.`);
      else printLine(`${answer.replayed} of ${answer.matched} failed jobs were put back to work.`);
    });

  return jobs;
}

function queueOption(): Option {
  return new Option('--queue <queue>', 'only of this queue').choices(jobQueue.options);
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > 200) throw new InvalidArgumentError('It must be 1 to 200.');
  return limit;
}

function progressOf({ progress }: JobAnswer): string | null {
  return progress === null ? null : `${progress.done}/${progress.total}`;
}
