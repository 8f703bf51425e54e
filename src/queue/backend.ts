import type { Processor, Queue, Worker } from 'bullmq';
import type { QueueName } from '../jobs/job.ts';
import type { JobQueue, JobReference } from './job-queue.ts';

/** A BullMQ engine: Redis, or the same Postgres that holds everything else. */
export interface QueueBackend {
  readonly engine: 'redis' | 'postgres';
  readonly queues: Readonly<Record<QueueName, OpenQueue>>;
  /** Whether the producing connection stands. False means that adding jobs would fail at once. */
  isConnected(): boolean;
  createWorker(name: QueueName, processor: Processor<JobReference>, concurrency: number): QueueWorker;
  /** @throws when the engine does not answer within two seconds */
  ping(): Promise<void>;
  /** Closes the queues and every connection; workers are closed by whoever created them, before. */
  close(): Promise<void>;
}

export interface OpenQueue {
  jobs: JobQueue;
  /** For bull-board. */
  bullmq: Queue<JobReference>;
}

/** The part of BullMQ's Worker that does not depend on its engine. */
export type QueueWorker = Pick<Worker<JobReference>, 'close' | 'waitUntilReady' | 'name'>;
