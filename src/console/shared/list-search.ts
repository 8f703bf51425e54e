import { z } from 'zod';

/**
 * What the address of every page with a table may say; pages extend it with their filters, and with `sort`, the list of
 * names from the contract.
 */
export const listSearch = z.object({
  q: z.string().optional(),
  order: z.enum(['asc', 'desc']).optional(),
  cursor: z.string().optional(),
});
