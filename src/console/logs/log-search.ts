import { z } from 'zod';
import { syncLogAction, syncLogResourceType, syncLogStatus } from '../../contract/sync-log.ts';
import { listSearch } from '../shared/list-search.ts';

/** Times are given as "since": the addresses of a page that is left open must not grow old. */
export const periods = ['1h', '24h', '7d', '30d'] as const;
export type Period = (typeof periods)[number];

/** What the address of this page says: filters, page, whether it follows the log, and whose details are open. */
export const logSearch = listSearch.omit({ order: true }).extend({
  status: syncLogStatus.optional(),
  action: syncLogAction.optional(),
  resourceType: syncLogResourceType.optional(),
  resourceId: z.string().optional(),
  requestId: z.string().optional(),
  jobId: z.string().optional(),
  /** The last hour, day ... */
  period: z.enum(periods).optional(),
  live: z.boolean().optional(),
  entry: z.string().optional(),
});
export type LogSearch = z.infer<typeof logSearch>;

const hours: Readonly<Record<Period, number>> = { '1h': 1, '24h': 24, '7d': 7 * 24, '30d': 30 * 24 };

/**
 * The part of the address that the API filters by.
 *
 * @param now in milliseconds; cut to the minute, so that a list stays the same for one
 */
export function filtersOf(search: LogSearch, now: number) {
  const { q, status, action, resourceType, resourceId, requestId, jobId, period } = search;
  const from =
    period === undefined
      ? undefined
      : new Date(Math.floor(now / 60_000) * 60_000 - hours[period] * 3_600_000).toISOString();
  return { q, status, action, resourceType, resourceId, requestId, jobId, from };
}
