import type { JsonObject } from './json.ts';
import { listResponseUrn } from './urns.ts';

/** What a list answer is made of; the three numbers are integers (Okta refuses text). */
export interface ListPage {
  readonly resources: readonly JsonObject[];
  /** How many resources satisfy the query in all. */
  readonly totalResults: number;
  /** Position of the first resource of this page, from 1; a page by cursor has none. */
  readonly startIndex?: number;
  readonly itemsPerPage: number;
  /** RFC 9865 section 2: where the page after this one begins; absent on the last. */
  readonly nextCursor?: string;
  /** Where the page before this one ends; absent on the first. */
  readonly previousCursor?: string;
}

/** The ListResponse of RFC 7644 section 3.4.2. `Resources` is there even when it is empty, as Entra expects. */
export function listResponse(page: ListPage): JsonObject {
  const { resources, totalResults, startIndex, itemsPerPage, nextCursor, previousCursor } = page;
  return {
    schemas: [listResponseUrn],
    totalResults,
    ...(startIndex === undefined ? {} : { startIndex }),
    itemsPerPage,
    ...(nextCursor === undefined ? {} : { nextCursor }),
    ...(previousCursor === undefined ? {} : { previousCursor }),
    Resources: [...resources],
  };
}
