import { z } from 'zod';
import { groupSorts } from '../../contract/groups.ts';
import { listSearch } from '../shared/list-search.ts';

/** What the address of this page says: filters, order, page, and whose details are open. */
export const mappingSearch = listSearch.extend({
  sort: z.enum(groupSorts).optional(),
  /** Only groups with a mapping, or only those without. */
  mapped: z.boolean().optional(),
  group: z.string().optional(),
});
