import { listSearch } from '../shared/list-search.ts';

export const adminKeySearch = listSearch.pick({ cursor: true });
