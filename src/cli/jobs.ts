import { Command, InvalidArgumentError, Option } from 'commander';
import { endpoints } from '../contract/endpoints.ts';
import { failureClass, failureClassWords, type FailureClass } from '../contract/failure.ts';
import { jobQueue, jobStatus, type JobAnswer } from '../contract/jobs.ts';
import { connect, withConnection, type ClientOptions } from './connection.ts';
import { findOrganizationId } from './find.ts';
import { followReplay } from './follow-replay.ts';
import { parseMoment } from './moment.ts';
import { printFields, printJson, printLine, printTable } from './print.ts';

interface ListOptions extends ClientOptions {
  organization?: string;
  queue?: JobAnswer['queue'];
  status?: JobAnswer['status'];
  class?: FailureClass;
  limit: number;
}

interface ReplayOptions extends ClientOptions {
  organization?: string;
  queue?: JobAnswer['queue'];
  since?: string;
  until?: string;
  reason?: string;
  class?: FailureClass;
  dryRun?: true;
  wait: boolean;
}

/** `rollcall jobs list|show|replay` */
export function jobsCommand(): Command {
  const jobs = new Command('jobs').description('look at the jobs that are not done, and replay failed ones');

  withConnection(jobs.command('list'))
    .description('list jobs that are not done, newest first')
    .option('--organization <organization>', 'id or name (default: all of them)')
    .addOption(queueOption())
    .addOption(new Option('--status <status>', 'only these').choices(jobStatus.options))
    .addOption(classOption())
    .option('--limit <number>', 'at most so many', parseLimit, 50)
    .addHelpText('after', '\nExample:\n  $ rollcall jobs list --status failed')
    .action(async (options: ListOptions) => {
      const client = await connect(options);
      const organizationId =
        options.organization === undefined ? undefined : await findOrganizationId(client, options.organization);
      const { items } = await client.call(endpoints.listAllJobs, {
        parameters: {},
        query: {
          limit: options.limit,
          organizationId,
          queue: options.queue,
          status: options.status,
          failureClass: options.class,
        },
      });
      if (options.json) printJson({ items });
      else {
        printTable(
          ['id', 'queue', 'status', 'attempts', 'created', 'progress', 'class', 'error and what to do'],
          items.map((job) => [
            job.id,
            job.queue,
            job.status,
            job.attempts,
            job.createdAt,
            progressOf(job),
            job.failure?.class,
            errorOf(job),
          ]),
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
          'whose turn': job.failure === null ? null : failureClassWords[job.failure.class],
          'what to do': job.failure?.advice,
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
    .option('--until <time>', 'failed before this time', parseMoment)
    .option('--reason <text>', 'part of the error')
    .addOption(classOption())
    .option('--dry-run', 'only count them')
    .option('--no-wait', 'do not wait until they are applied or have failed again')
    .addHelpText(
      'after',
      '\nExit code 1 when a job failed again.\n\nExamples:\n  $ rollcall jobs replay --organization Acme --since 2h --dry-run\n  $ rollcall jobs replay --class retry',
    )
    .action(async (jobIds: string[], options: ReplayOptions) => {
      const client = await connect(options);
      const body = {
        ...(jobIds.length > 0 && { ids: jobIds }),
        ...(options.queue !== undefined && { queue: options.queue }),
        ...(options.since !== undefined && { since: options.since }),
        ...(options.until !== undefined && { until: options.until }),
        ...(options.reason !== undefined && { reason: options.reason }),
        ...(options.class !== undefined && { failureClass: options.class }),
        dryRun: options.dryRun ?? false,
      };
      const organizationId =
        options.organization === undefined ? undefined : await findOrganizationId(client, options.organization);
      const answer =
        organizationId === undefined
          ? await client.call(endpoints.replayAllJobs, { parameters: {}, body })
          : await client.call(endpoints.replayJobs, { parameters: { organizationId }, body });
      const { replayId } = answer;
      if (replayId === null || !options.wait) {
        if (options.json) printJson(answer);
        else if (answer.dryRun) printLine(`${answer.matched} failed jobs would be replayed.`);
        else printLine(`${answer.replayed} of ${answer.matched} failed jobs were put back to work.`);
        return;
      }
      const outcome = await followReplay({
        total: answer.replayed,
        read: () =>
          organizationId === undefined
            ? client.call(endpoints.getReplayOfAll, { parameters: { replayId } })
            : client.call(endpoints.getReplay, { parameters: { organizationId, replayId } }),
      });
      if (options.json) printJson({ ...answer, ...outcome });
      else printLine(`${answer.replayed} jobs replayed: ${outcome.applied} done, ${outcome.failed} failed again.`);
      if (outcome.failed > 0) process.exitCode = 1;
    });

  return jobs;
}

function queueOption(): Option {
  return new Option('--queue <queue>', 'only of this queue').choices(jobQueue.options);
}

function classOption(): Option {
  return new Option('--class <class>', 'whose turn it is: a retry helps, or who must act').choices(
    failureClass.options,
  );
}

function errorOf({ error, failure }: JobAnswer): string | null {
  return error === null || failure === null ? error : `${error} ${failure.advice}`;
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > 200) throw new InvalidArgumentError('It must be 1 to 200.');
  return limit;
}

function progressOf({ progress }: JobAnswer): string | null {
  return progress === null ? null : `${progress.done}/${progress.total}`;
}
