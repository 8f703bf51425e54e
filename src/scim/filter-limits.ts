/**
 * Longest filter, in characters. The longest look-ups of real providers are under 300; 8,192 leaves room for a search by
 * some 150 ids in one POST to /.search, and keeps parsing and planning well under a millisecond.
 */
export const maxFilterLength = 8192;

/** Deepest nesting of parentheses, `not` and value paths: far beyond any real filter, far below the stack's limit. */
export const maxFilterDepth = 32;

/** Most comparisons in one filter; each becomes a condition in SQL with its own parameter. */
export const maxFilterTerms = 200;
