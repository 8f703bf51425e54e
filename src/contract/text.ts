import { z } from 'zod';

/** Longest name of anything; long enough for people, short enough for a table cell and an index entry. */
const maxNameLength = 200;

/** One line of text without surrounding blanks. U+0000 is refused because Postgres cannot store it. */
export function text(maxLength: number): z.ZodString {
  return z
    .string()
    .trim()
    .min(1)
    .max(maxLength)
    .regex(/^[^\0]*$/, 'must not contain the character U+0000');
}

export const name = text(maxNameLength);

/** An id as the caller sends it. Whether it names something is decided where it is looked up: unknown is not malformed. */
export const idInput = text(100);

export const id = z.uuid();

/** ISO 8601 with a zone; answers are in UTC. */
export const timestamp = z.iso.datetime({ offset: true });

/** A boolean in a query string. */
export const queryBoolean = z.enum(['true', 'false']).transform((value) => value === 'true');
