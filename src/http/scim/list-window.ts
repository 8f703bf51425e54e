import type { AttributeSource } from '../../directory/attribute-sql.ts';
import type { ListPosition, ListWindow, Page } from '../../directory/page.ts';
import { sortKey } from '../../directory/sort-key.ts';
import { attributeName } from '../../scim/attribute-lookup.ts';
import type { ListQuery } from '../../scim/list-query.ts';
import type { ListPage } from '../../scim/list-response.ts';
import { printFilter } from '../../scim/print-filter.ts';
import { decodeCursor, encodeCursor, type CursorScope } from './page-cursor.ts';
import type { ScimRequest } from './scim-request.ts';

/** What of a list answer is not its resources. */
export type ListingHead = Omit<ListPage, 'resources' | 'itemsPerPage'>;

/**
 * The part of a list that a query asks for, and how the answer tells where the page stands.
 *
 * @throws ScimError 400 invalidCursor or expiredCursor
 */
export function listWindow(
  { caller, receivedAt }: ScimRequest,
  { paging, filter, sortBy, sortOrder, projection }: ListQuery,
  source: AttributeSource,
): { window: ListWindow; headOf: (page: Page<unknown>) => ListingHead } {
  const key = sortBy && sortKey(sortBy, source);
  const order = { direction: sortOrder, ...(key === undefined ? {} : { key }) };
  const { count } = paging;
  if (paging.kind === 'index') {
    const { startIndex } = paging;
    return {
      window: { kind: 'index', order, startIndex, count },
      headOf: ({ totalResults }) => ({ totalResults, startIndex }),
    };
  }
  const scope: CursorScope = {
    organizationId: caller.organizationId,
    resourceType: projection.resourceType.name,
    filter: filter === undefined ? '' : printFilter(filter),
    sortBy: sortBy === undefined ? '' : attributeName(sortBy),
    sortOrder,
    keyType: key?.type,
  };
  const from = paging.cursor === '' ? undefined : decodeCursor(paging.cursor, receivedAt, scope);
  const cursorTo = (position: ListPosition) => encodeCursor(position, receivedAt, scope);
  return {
    window: { kind: 'keyset', order, count, ...(from === undefined ? {} : { from }) },
    headOf: ({ totalResults, next, previous }) => ({
      totalResults,
      ...(next === undefined ? {} : { nextCursor: cursorTo(next) }),
      ...(previous === undefined ? {} : { previousCursor: cursorTo(previous) }),
    }),
  };
}
