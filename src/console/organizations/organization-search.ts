import { listSearch } from '../shared/list-search.ts';

export const organizationSearch = listSearch;
