import sql, { type Sql } from 'sql-template-tag';

const redactions: [pattern: RegExp, replacement: string][] = [
  // Our own tokens and keys keep their kind, so that a reader knows what stood there.
  [/(?<![A-Za-z0-9_])rc_(scim|admin|org|session)_[A-Za-z0-9_-]{8,}/g, 'rc_$1_[redacted]'],
  [/(?<![A-Za-z0-9_])Bearer\s+[^\s"',\\<]+/gi, 'Bearer [redacted]'],
  [/([a-z][a-z0-9+.-]*:\/\/[^\s:/@"]*):[^\s/@"]+@/gi, '$1:[redacted]@'],
];

/** The same in SQL, for what never comes here: a text that a statement reads and writes. */
export function redactedSql(text: Sql): Sql {
  return redactions.reduce(
    (redacted, [{ source, flags }, replacement]) =>
      sql`regexp_replace(${redacted}, ${source}, ${replacement.replaceAll('$', '\\')}, ${flags})`,
    text,
  );
}

/** What each of them begins with: most texts hold none of it. */
const suspicious = /rc_|bearer|:\/\//i;

/** Blanks bearer tokens, Rollcall's own keys and passwords in URLs wherever they stand in `text`. */
export function redactSecrets(text: string): string {
  if (!suspicious.test(text)) return text;
  return redactions.reduce((redacted, [pattern, replacement]) => redacted.replace(pattern, replacement), text);
}
