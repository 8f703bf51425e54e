import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { QueryOf } from '../../contract/endpoint.ts';
import { syncLogEndpoints } from '../../contract/sync-log-endpoints.ts';
import { call } from '../api/call.ts';

type ListQuery = QueryOf<typeof syncLogEndpoints.listSyncLogs>;
type TailQuery = Omit<QueryOf<typeof syncLogEndpoints.tailSyncLogs>, 'after' | 'limit'>;

export function logsQuery(organizationId: string, query: ListQuery) {
  return queryOptions({
    queryKey: ['sync-logs', organizationId, query],
    queryFn: ({ signal }) => call(syncLogEndpoints.listSyncLogs, { params: { organizationId }, query, signal }),
    placeholderData: keepPreviousData,
  });
}

const lookEveryMs = 2_000;

/** More than anybody reads while it moves; older ones are in the list. */
const mostLiveEntries = 200;

/** The newest entries, kept up to date; newest first, as in the list. */
export function liveLogsQuery(organizationId: string, filters: TailQuery) {
  const queryKey = ['sync-logs', organizationId, 'live', filters];
  return queryOptions({
    queryKey,
    queryFn: async ({ signal, client }) => {
      const before = client.getQueryData<LiveEntries>(queryKey);
      const after = before?.cursor;
      const answer = await call(syncLogEndpoints.tailSyncLogs, {
        params: { organizationId },
        query: { ...filters, limit: 100, ...(after === undefined ? {} : { after }) },
        signal,
      });
      // Entries that became visible late are answered again: each is shown once.
      const known = new Map((before?.items ?? []).map((entry) => [entry.id, entry]));
      for (const entry of answer.items) known.set(entry.id, entry);
      const items = [...known.values()].toSorted((a, b) => (a.id < b.id ? 1 : -1)).slice(0, mostLiveEntries);
      return { items, cursor: answer.cursor, nextCursor: null } satisfies LiveEntries;
    },
    refetchInterval: lookEveryMs,
    staleTime: 0,
    gcTime: 0,
  });
}

type Entries = Awaited<ReturnType<typeof call<typeof syncLogEndpoints.listSyncLogs>>>['items'];

interface LiveEntries {
  items: Entries;
  cursor: string;
  nextCursor: null;
}

export function entryQuery(organizationId: string, entryId: string) {
  return queryOptions({
    queryKey: ['sync-logs', organizationId, 'one', entryId],
    queryFn: ({ signal }) => call(syncLogEndpoints.getSyncLogEntry, { params: { organizationId, entryId }, signal }),
  });
}

/** From a request over its jobs to what these did; or from a job that no request added. */
export function traceQuery(organizationId: string, of: { requestId: string } | { jobId: string }) {
  return queryOptions({
    queryKey: ['sync-logs', organizationId, 'trace', of],
    queryFn: ({ signal }) => call(syncLogEndpoints.getTrace, { params: { organizationId }, query: of, signal }),
    // Jobs that are still on their way end soon.
    refetchInterval: ({ state }) =>
      state.data?.jobs.some((job) => job.state === 'waiting' || job.state === 'running') === true ? 1_000 : false,
  });
}
