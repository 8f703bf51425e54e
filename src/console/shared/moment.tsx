import { Tooltip } from '@mantine/core';
import classes from './moment.module.css';
import { useNow } from './use-now.ts';

const parts = { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit' } as const;
const ofThisYear = new Intl.DateTimeFormat(undefined, parts);
const ofAnyYear = new Intl.DateTimeFormat(undefined, { ...parts, year: 'numeric' });
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

const units = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;

/**
 * A time as the reader's clock shows it, with UTC on hover and focus.
 *
 * @param at ISO 8601
 * @param ago in words ("3 minutes ago") instead, kept true while the page is open
 */
export function Moment({ at, ago = false }: { at: string; ago?: boolean }) {
  const date = new Date(at);
  const utc = `${at.slice(0, 19).replace('T', ' ')} UTC`;
  return (
    <Tooltip label={ago ? `${localWords(date)} · ${utc}` : utc}>
      <time dateTime={at} tabIndex={0} className={classes.moment}>
        {ago ? <Ago date={date} /> : localWords(date)}
      </time>
    </Tooltip>
  );
}

function localWords(date: Date): string {
  return (date.getFullYear() === new Date().getFullYear() ? ofThisYear : ofAnyYear).format(date);
}

function Ago({ date }: { date: Date }) {
  const seconds = (date.getTime() - useNow(30_000)) / 1_000;
  for (const [unit, size] of units) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return seconds > 0 ? 'in less than a minute' : 'just now';
}
