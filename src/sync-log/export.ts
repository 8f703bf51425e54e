import type { Queryable } from '../platform/database.ts';
import { querySyncLogs, type SyncLogEntry, type SyncLogFilters } from './query.ts';

export type ExportFormat = 'csv' | 'ndjson';

/** One statement, and one piece of text in memory, per so many entries (some 300 kB). */
const entriesPerPage = 1_000;

/** The columns of the CSV, in order. */
const columns: readonly { header: string; value: (entry: SyncLogEntry) => string | number | null }[] = [
  { header: 'id', value: (entry) => entry.id },
  { header: 'occurredAt', value: (entry) => entry.occurredAt.toISOString() },
  { header: 'action', value: (entry) => entry.action },
  { header: 'status', value: (entry) => entry.status },
  { header: 'resourceType', value: (entry) => entry.resource.type },
  { header: 'resourceId', value: (entry) => entry.resource.id },
  { header: 'resourceName', value: (entry) => entry.resource.name },
  { header: 'actorType', value: (entry) => entry.actor.type },
  { header: 'actorId', value: (entry) => entry.actor.id },
  { header: 'actorName', value: (entry) => entry.actor.name },
  { header: 'message', value: (entry) => entry.message },
  { header: 'details', value: (entry) => JSON.stringify(entry.details) },
  { header: 'requestId', value: (entry) => entry.requestId },
  { header: 'jobId', value: (entry) => entry.jobId },
  { header: 'attempt', value: (entry) => entry.attempt },
];

/**
 * The entries that match, newest first, as chunks of text: CSV (RFC 4180, with a header line) or NDJSON, one entry per
 * line as the list has it, without what would help just now. It walks in keyset pages, so its memory does not grow with
 * the log, and entries that are written meanwhile are not in it.
 */
export async function* exportSyncLogs(
  db: Queryable,
  organizationId: string,
  filters: SyncLogFilters,
  format: ExportFormat,
): AsyncGenerator<string> {
  if (format === 'csv') yield csvLine(columns.map(({ header }) => header));
  const line = format === 'csv' ? toCsv : toNdjson;
  let cursor: string | undefined;
  do {
    const page = await querySyncLogs(db, organizationId, { ...filters, limit: entriesPerPage, cursor });
    if (page.items.length > 0) yield page.items.map(line).join('');
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}

function toNdjson(entry: SyncLogEntry): string {
  return `${JSON.stringify(entry)}\n`;
}

function toCsv(entry: SyncLogEntry): string {
  return csvLine(columns.map(({ value }) => value(entry)));
}

function csvLine(cells: (string | number | null)[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

/**
 * Names come from outside, and a spreadsheet would run a cell that starts like a formula: such a cell gets a leading
 * apostrophe, which spreadsheets show as text.
 */
function csvCell(value: string | number | null): string {
  if (value === null) return '';
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
