import { listSearch } from '../shared/list-search.ts';
import { z } from 'zod';

/** What the address of this page says: filters, page, and whose details are open. */
export const jobSearch = listSearch.extend({ job: z.string().optional() });
