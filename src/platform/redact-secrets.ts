import sql, { join, raw, type Sql } from 'sql-template-tag';

const redactions: [pattern: RegExp, replacement: string][] = [
  // Our own tokens and keys keep their kind, so that a reader knows what stood there.
  [/(?<![A-Za-z0-9_])rc_(scim|admin|org|session)_[A-Za-z0-9_-]{8,}/g, 'rc_$1_[redacted]'],
  [/(?<![A-Za-z0-9_])Bearer\s+[^\s"',\\<]+/gi, 'Bearer [redacted]'],
  [/([a-z][a-z0-9+.-]*:\/\/[^\s:/@"]*):[^\s/@"]+@/gi, '$1:[redacted]@'],
];

/** Each of them holds one of these, in whatever letter case; most texts hold none, and patterns are dear. */
const signs = ['rc_', 'bearer', '://'];
const suspicious = new RegExp(signs.join('|'), 'i');

/**
 * The same in SQL, for what never comes here: a text that a statement reads and writes.
 *
 * @param text a column, or something as cheap: it is evaluated several times
 */
export function redactedSql(text: Sql): Sql {
  const isSuspicious = join(
    signs.map((sign) => sql`strpos(lower(${text}), ${literal(sign)}) > 0`),
    ' OR ',
  );
  const redacted = redactions.reduce(
    (before, [{ source, flags }, replacement]) =>
      sql`regexp_replace(${before}, ${literal(source)}, ${literal(replacement.replaceAll('$', '\\'))}, ${literal(flags)})`,
    text,
  );
  return sql`CASE WHEN ${isSuspicious} THEN ${redacted} ELSE ${text} END`;
}

/** Of a text of ours. Bound it would have to be sent each time; between quotes a setting decides what a backslash is. */
function literal(text: string): Sql {
  return raw(`$text$${text}$text$`);
}

/** Blanks bearer tokens, Rollcall's own keys and passwords in URLs wherever they stand in `text`. */
export function redactSecrets(text: string): string {
  if (!suspicious.test(text)) return text;
  return redactions.reduce((redacted, [pattern, replacement]) => redacted.replace(pattern, replacement), text);
}
