import { z } from 'zod';

const maxPageSize = 200;
const defaultPageSize = 50;

/** The query parameters of every list. Unknown ones are refused: a misspelled filter must not widen the answer. */
export const pageQuery = z.strictObject({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(maxPageSize)
    .default(defaultPageSize)
    .meta({ description: 'How many items at most.' }),
  cursor: z
    .string()
    .min(1)
    .max(1_000)
    .regex(/^[\w-]+$/, 'is not a cursor that this service gave out')
    .optional()
    .meta({ description: '`nextCursor` of the page before.' }),
});

export const sortOrder = z.enum(['asc', 'desc']).meta({ description: 'Equal ones by id.' });
export type SortOrder = z.infer<typeof sortOrder>;

/** One page of a list. */
export function page<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    nextCursor: z.string().nullable().meta({ description: 'Null on the last page.' }),
  });
}
