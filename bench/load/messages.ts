import type { LoadOptions, LoadResult } from './run-load.ts';

/** Where a workload is sent to. */
export type Target =
  | {
      kind: 'http';
      host: string;
      port: number;
      basePath: string;
      token: string;
      /** Whose answers differ by design, see `bench/polis/answers.ts`. */
      dialect?: 'polis';
    }
  | { kind: 'sql'; databaseUrl: string };

/** What a load process is asked to do. */
export interface LoadRequest extends LoadOptions {
  target: Target;
  /** Names a workload of `workloads/all.ts`. */
  workload: string;
  parameters: unknown;
  connections: number;
}

export type LoadReply =
  { kind: 'ready' } | { kind: 'done'; result: LoadResult; cpuMs: number } | { kind: 'failed'; message: string };
