/**
 * Lower case, one code point at a time, so that the result is what SQL's `lower()` gives with Postgres' built-in
 * `C.UTF-8` locale (simple case mapping). `String.toLowerCase()` on the whole text differs in two places: a final capital
 * sigma, and U+0130, which it turns into two code points.
 */
export function foldCase(text: string): string {
  // Nearly every value is ASCII; the fast path gives the same answer.
  if (isAscii(text)) return text.toLowerCase();
  let folded = '';
  for (const character of text) folded += character === '\u0130' ? 'i' : character.toLowerCase();
  return folded;
}

/** A loop, because it is several times as fast as a pattern on the short texts that are compared all the time. */
function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 127) return false;
  return true;
}

/** Whether two names of attributes, schemas or operators are the same (RFC 7643 section 2.1: letter case aside). */
export function sameName(one: string, other: string): boolean {
  return one === other || one.toLowerCase() === other.toLowerCase();
}

/** Order by code point, as SQL orders under the collation "C"; plain `<` would order by UTF-16 unit. */
export function compareText(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at += 1) {
    const left = one.charCodeAt(at);
    const right = other.charCodeAt(at);
    if (left !== right) return codeUnitRank(left) - codeUnitRank(right);
  }
  return one.length - other.length;
}

/** Surrogates (U+D800 to U+DFFF) stand for code points above every other unit, so they rank above U+E000 to U+FFFF. */
function codeUnitRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}
