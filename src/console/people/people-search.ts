import { listSearch } from '../shared/list-search.ts';
import { z } from 'zod';

/** What the address of this page says: filters, page, and whose details are open. */
export const peopleSearch = listSearch.extend({ person: z.string().optional() });
