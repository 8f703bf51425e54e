import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { Router, type Request, type RequestHandler, type Response } from 'express';
import type { Queue } from 'bullmq';
import type { QueueName } from '../jobs/job.ts';
import type { ReplayFilter } from '../jobs/replay.ts';
import type { JobReference } from './job-queue.ts';

export interface BullBoardOptions {
  queues: readonly BoardQueue[];
  /** Where the router is mounted, for the links of the page. */
  basePath: string;
  /** Puts failed rows back to work in the name of whoever sent the request. @returns how many */
  replay: (filter: ReplayFilter, res: Response) => Promise<number>;
}

export interface BoardQueue {
  name: QueueName;
  queue: Queue<JobReference>;
  /** Counts from 0; left out where there is one set of queues alone. */
  shard?: number;
}

/** What bull-board calls a queue, also in its URLs. */
function titleOf({ name, shard }: BoardQueue): string {
  return shard === undefined ? name : `${shardTitle(shard)}${name}`;
}

const shardTitle = (shard: number): string => `shard ${shard}: `;

/**
 * bull-board for the given queues. It asks for no credentials: whoever mounts it does, in front of it.
 *
 * Jobs hold ids only, and their errors are worded for display before BullMQ gets them, so nothing here is secret from
 * an operator. Every button is safe: what is removed is added again from the ledger, what is repeated finds its row gone,
 * and the buttons "retry" and "retry all" of failed jobs are a replay as any other, with the same entry that says who. Of
 * several shards "retry all" means the queue as a whole: a failed row knows no shard.
 */
export function bullBoardRouter({ queues, basePath, replay }: BullBoardOptions): Router {
  const serverAdapter = new ExpressAdapter();
  serverAdapter.setBasePath(basePath);
  createBullBoard({
    queues: queues.map(
      ({ queue, shard }) => new BullMQAdapter(queue, shard === undefined ? {} : { prefix: shardTitle(shard) }),
    ),
    serverAdapter,
    options: { uiConfig: { boardTitle: 'Rollcall queues' } },
  });
  const router = Router();
  router.put('/api/queues/:queueName/retry/failed', retryAll(queues, replay));
  router.put('/api/queues/:queueName/:jobId/retry', retryOne(queues, replay));
  router.use(serverAdapter.getRouter() as RequestHandler);
  return router;
}

/**
 * A button pressed twice finds nothing failed the second time, which is no error. Nor is it one that a job's row is done
 * or on its way although BullMQ still calls the job failed: the ledger decides.
 */
function retryOne(queues: BullBoardOptions['queues'], replay: BullBoardOptions['replay']): RequestHandler {
  return async (req, res, next) => {
    const queue = queueIn(req, queues);
    const id = req.params['jobId'];
    if (queue === undefined || typeof id !== 'string') {
      next();
      return;
    }
    await replay({ queue, ids: [id] }, res);
    res.status(204).end();
  };
}

function retryAll(queues: BullBoardOptions['queues'], replay: BullBoardOptions['replay']): RequestHandler {
  return async (req, res, next) => {
    const queue = queueIn(req, queues);
    if (queue === undefined) next();
    else res.status(200).json({ retried: await replay({ queue }, res), skipped: 0 });
  };
}

function queueIn(req: Request, queues: BullBoardOptions['queues']): QueueName | undefined {
  return queues.find((queue) => titleOf(queue) === req.params['queueName'])?.name;
}
