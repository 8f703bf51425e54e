import { z } from 'zod';

/** What the address of every page with a table may say; pages extend it with their filters. */
export const listSearch = z.object({
  q: z.string().optional(),
  sort: z.string().optional(),
  cursor: z.string().optional(),
});
