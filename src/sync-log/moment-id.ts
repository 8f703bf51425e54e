/**
 * The id of a SCIM write's entry is made when the request is authenticated, the entry is written when the change commits
 * (ten seconds later at most) or, where that could not be found out, when the database is back (two minutes, see
 * late-entries.ts). Whoever turns a moment into a bound of ids leaves this much room.
 */
export const idMarginMs = 180_000;

/** The lowest UUID whose first 48 bits, where a UUIDv7 has its time, are this moment; `first_id_at` in SQL. */
export function idAt(momentMs: number): string {
  const hex = Math.max(0, Math.floor(momentMs)).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

/** The Unix milliseconds in the first 48 bits of an id. */
export function momentOf(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
