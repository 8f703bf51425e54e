import { z } from 'zod';
import { listSearch } from '../shared/list-search.ts';

/** What the address of this page says: filters and page of the organizations, and whose health is open. */
export const operationsSearch = listSearch.omit({ order: true }).extend({
  attention: z.boolean().optional(),
  organization: z.string().optional(),
  hours: z.union([z.literal(24), z.literal(168)]).optional(),
});
