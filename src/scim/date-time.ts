const shape = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|([+-])(\d\d):(\d\d))?$/iu;

/**
 * The instant that an xsd:dateTime (RFC 7643 section 2.3.5) names, in microseconds since 1970: the precision of
 * Postgres; a bigint, because from the year 2255 on a number would not hold it. A time without zone is taken as UTC. Returns undefined for
 * text that is not such a time, years before 1 included, which Postgres writes differently.
 */
export function instantOf(text: string): bigint | undefined {
  const parts = shape.exec(text);
  if (!parts) return undefined;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (year < 1 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  // The 31st of a month of 30 days has moved into the next one.
  if (date.getUTCMonth() !== month - 1) return undefined;
  date.setUTCHours(hour, minute, second);
  const offsetHours = Number(parts[10] ?? 0);
  const offsetMinutes = Number(parts[11] ?? 0);
  if (offsetHours > 14 || offsetMinutes > 59) return undefined;
  const offsetMs = (offsetHours * 60 + offsetMinutes) * 60_000 * (parts[9] === '-' ? -1 : 1);
  const fractionMicros = Math.round(Number(`0.${parts[7] ?? '0'}`) * 1_000_000);
  return BigInt(date.getTime() - offsetMs) * 1000n + BigInt(fractionMicros);
}

/** The same time with an explicit zone, so that SQL and every reader take it for the same instant. */
export function withZone(dateTime: string): string {
  return /(?:Z|[+-]\d\d:\d\d)$/iu.test(dateTime) ? dateTime : `${dateTime}Z`;
}
