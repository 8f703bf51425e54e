import type { LoadOptions, LoadResult } from './run-load.ts';

/** Where a workload is sent to. */
export type Target = HttpTarget | { kind: 'sql'; databaseUrl: string };

export interface HttpTarget {
  kind: 'http';
  host: string;
  /** Of every process that answers; connections are spread over them. */
  ports: number[];
  /** An operation names one by its position. */
  organizations: { basePath: string; token: string }[];
  /** Whose answers differ by design, see `bench/polis/answers.ts`. */
  dialect?: 'polis';
}

/** SCIM of these organizations, at processes of this machine. */
export function scimTarget(ports: number[], organizations: readonly { id: string; token: string }[]): HttpTarget {
  return {
    kind: 'http',
    host: '127.0.0.1',
    ports,
    organizations: organizations.map(({ id, token }) => ({ basePath: `/api/v1/scim/${id}/v2`, token })),
  };
}

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
