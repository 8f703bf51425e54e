import type { JsonObject } from './json.ts';
import { listResponseUrn } from './urns.ts';

/** What a list answer is made of; the three numbers are integers (Okta refuses text). */
export interface ListPage {
  readonly resources: readonly JsonObject[];
  /** How many resources satisfy the query in all. */
  readonly totalResults: number;
  /** Position of the first resource of this page, from 1. */
  readonly startIndex: number;
  readonly itemsPerPage: number;
}

/** The ListResponse of RFC 7644 section 3.4.2. `Resources` is there even when it is empty, as Entra expects. */
export function listResponse({ resources, totalResults, startIndex, itemsPerPage }: ListPage): JsonObject {
  return { schemas: [listResponseUrn], totalResults, startIndex, itemsPerPage, Resources: [...resources] };
}
