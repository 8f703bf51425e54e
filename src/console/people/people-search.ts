import { z } from 'zod';
import { organizationRole } from '../../contract/roles.ts';
import { userOrigins, userSorts } from '../../contract/users.ts';
import { listSearch } from '../shared/list-search.ts';

/** What the address of this page says: filters, order, page, and whose details are open. */
export const peopleSearch = listSearch.extend({
  sort: z.enum(userSorts).optional(),
  active: z.boolean().optional(),
  role: organizationRole.optional(),
  managedBy: z.enum(userOrigins).optional(),
  person: z.string().optional(),
});
