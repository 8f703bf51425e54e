import type { JsonObject } from './json.ts';
import { errorBody, type ScimError } from './scim-error.ts';
import { bulkResponseUrn } from './urns.ts';

/** The outcome of one bulk operation. */
export interface BulkResult {
  readonly method: string;
  readonly bulkId?: string;
  /** The HTTP status that the operation alone would have had. */
  readonly status: number;
  /** Address of the resource; absent for a POST that failed. */
  readonly location?: string;
  /** Entity tag after the operation. */
  readonly version?: string;
  /** Why the operation failed. */
  readonly error?: ScimError;
}

/** The BulkResponse of RFC 7644 section 3.7; `status` is text there, and an error stands in `response`. */
export function bulkResponse(results: readonly BulkResult[]): JsonObject {
  return {
    schemas: [bulkResponseUrn],
    Operations: results.map(({ method, bulkId, status, location, version, error }) => ({
      method,
      ...(bulkId === undefined ? {} : { bulkId }),
      ...(version === undefined ? {} : { version }),
      ...(location === undefined ? {} : { location }),
      status: String(status),
      ...(error === undefined ? {} : { response: errorBody(error) }),
    })),
  };
}
