import { InvalidArgumentError } from 'commander';

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A point in time as a person types it: ISO 8601, or how long ago (`30m`, `2h`, `7d`). @returns ISO 8601 in UTC */
export function parseMoment(text: string): string {
  const ago = /^(\d{1,6})([smhd])$/.exec(text);
  if (ago !== null) {
    const [, count, unit] = ago as unknown as [string, string, keyof typeof unitMs];
    return new Date(Date.now() - Number(count) * unitMs[unit]).toISOString();
  }
  const moment = new Date(text);
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(moment.getTime())) {
    throw new InvalidArgumentError('It must be a time such as 2026-05-01T12:00:00Z, or how long ago: 30m, 2h, 7d.');
  }
  return moment.toISOString();
}
