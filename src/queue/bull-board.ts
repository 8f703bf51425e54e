import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import type { Router } from 'express';
import type { Queue } from 'bullmq';
import type { JobReference } from './job-queue.ts';

/**
 * bull-board for the given queues. It asks for no credentials: whoever mounts it does, in front of it.
 *
 * Jobs hold ids only, and their errors are worded for display before BullMQ gets them, so nothing here is secret from
 * an operator. Every button is safe: retrying recomputes access, and what is removed is added again from the ledger.
 *
 * @param basePath where the router is mounted, for the links of the page
 */
export function bullBoardRouter(queues: readonly Queue<JobReference>[], basePath: string): Router {
  const serverAdapter = new ExpressAdapter();
  serverAdapter.setBasePath(basePath);
  createBullBoard({
    queues: queues.map((queue) => new BullMQAdapter(queue)),
    serverAdapter,
    options: { uiConfig: { boardTitle: 'Rollcall queues' } },
  });
  return serverAdapter.getRouter() as Router;
}
