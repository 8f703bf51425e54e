import { listSearch } from '../shared/list-search.ts';

export const workspaceSearch = listSearch.omit({ order: true });
