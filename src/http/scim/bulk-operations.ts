import { resolveBulkIds, type BulkItem, type BulkOperation } from '../../scim/bulk-request.ts';
import type { BulkResult } from '../../scim/bulk-response.ts';
import { weakETag } from '../../scim/etag.ts';
import { actionOfMethod } from './audited.ts';
import { groupOperations } from './group-operations.ts';
import { recordFailure, recordFailures, type FailedWrite } from './record-failure.ts';
import type { ScimDependencies } from './scim-dependencies.ts';
import type { ScimRequest } from './scim-request.ts';
import { toScimError } from './scim-error-answer.ts';
import { userOperations } from './user-operations.ts';

/** Performs one item of a bulk request after the other. */
export interface BulkPerformer {
  /**
   * Does what the request alone would do, as a transaction of its own, and leaves one log entry whatever comes of it.
   * Never throws.
   *
   * @param refusal why the item cannot be done, where that is known before
   */
  perform(item: BulkItem, refusal?: unknown): Promise<BulkResult>;
  /** Refuses items for which there is no time any more, with one statement for all of their entries. Never throws. */
  refuse(items: readonly BulkItem[], refusal: unknown): Promise<BulkResult[]>;
}

/**
 * @param bulk the bulk request, on whose behalf each of its items runs
 * @param entryIds one for each item: each leaves an entry of its own
 */
export function bulkPerformer(
  { nudge }: Pick<ScimDependencies, 'nudge'>,
  bulk: ScimRequest,
  items: readonly BulkItem[],
  entryIds: readonly string[],
): BulkPerformer {
  const operationsOf = { User: userOperations({ nudge }), Group: groupOperations({ nudge }) };
  const entryIdOf = new Map(items.map((item, position) => [item, entryIds[position] ?? bulk.caller.entryId]));
  /** The request that this item alone would be. */
  const requestOf = (item: BulkItem): ScimRequest => ({
    ...bulk,
    caller: { ...bulk.caller, entryId: entryIdOf.get(item) ?? bulk.caller.entryId },
  });
  /** What was created, by bulkId; null where the creation failed, or could not even be tried. */
  const created = new Map<string, string | null>(
    items.flatMap((item) => (item.kind === 'refused' && item.bulkId !== undefined ? [[item.bulkId, null]] : [])),
  );

  const run = async (
    request: ScimRequest,
    operation: BulkOperation,
  ): Promise<{ status: number; id: string; version?: number }> => {
    const { method, resourceType, id = '', data } = operation;
    const operations = operationsOf[resourceType.name];
    const options = { ifMatch: operation.version };
    switch (method) {
      case 'POST':
        return { status: 201, ...(await operations.create(request, data)) };
      case 'PUT':
        return { status: 200, ...(await operations.replace(request, id, data, options)) };
      case 'PATCH': {
        // A group's PATCH answers without the group, in a request of its own too.
        const status = resourceType.name === 'Group' ? 204 : 200;
        return { status, ...(await operations.patch(request, id, data, options)) };
      }
      case 'DELETE':
        await operations.remove(request, id, options);
        return { status: 204, id };
    }
  };

  const failed = (item: BulkItem, error: unknown): BulkResult => {
    const operation = item.kind === 'operation' ? item.operation : undefined;
    const bulkId = bulkIdOf(item);
    if (operation?.method === 'POST' && bulkId !== undefined) created.set(bulkId, null);
    const answer = toScimError(error, bulk.requestId);
    if (answer.status >= 500) bulk.logger.error({ err: error }, 'an operation of a SCIM bulk request failed');
    // RFC 7644 section 3.7.3: always there, except for a POST that failed.
    const location = operation?.id === undefined ? {} : { location: locationOf(bulk, operation, operation.id) };
    return { ...namesOf(item), ...location, status: answer.status, error: answer };
  };

  return {
    perform: async (item, refusal) => {
      const request = requestOf(item);
      const operation = item.kind === 'operation' ? item.operation : undefined;
      const known = item.kind === 'refused' ? item.error : refusal;
      let resolved: BulkOperation;
      try {
        if (known !== undefined || operation === undefined) throw known;
        resolved = resolveBulkIds(operation, created);
      } catch (error) {
        await recordFailure(request, failedWriteOf(item, error));
        return failed(item, error);
      }
      try {
        const { status, id, version } = await run(request, resolved);
        const bulkId = bulkIdOf(item);
        if (resolved.method === 'POST' && bulkId !== undefined) created.set(bulkId, id);
        return {
          ...namesOf(item),
          status,
          location: locationOf(bulk, resolved, id),
          ...(version === undefined ? {} : { version: weakETag(version) }),
        };
      } catch (error) {
        return failed(item, error);
      }
    },
    refuse: async (rest, refusal) => {
      const errors = rest.map((item) => (item.kind === 'refused' ? item.error : refusal));
      await recordFailures(
        bulk,
        rest.map((item, i) => ({ ...failedWriteOf(item, errors[i]), entryId: requestOf(item).caller.entryId })),
      );
      return rest.map((item, i) => failed(item, errors[i]));
    },
  };
}

function failedWriteOf(item: BulkItem, error: unknown): FailedWrite {
  const operation = item.kind === 'operation' ? item.operation : undefined;
  const resourceType = item.kind === 'operation' ? item.operation.resourceType : item.resourceType;
  return {
    action: actionOfMethod(methodOf(item).toUpperCase()) ?? 'UPDATE',
    // A path that leads nowhere concerns no resource in particular.
    type: resourceType?.name ?? 'Organization',
    id: operation?.id ?? null,
    body: operation?.data,
    error,
  };
}

function locationOf({ baseUrl }: ScimRequest, { resourceType }: BulkOperation, id: string): string {
  return `${baseUrl}${resourceType.endpoint}/${id}`;
}

function namesOf(item: BulkItem): { method: string; bulkId?: string } {
  const bulkId = bulkIdOf(item);
  return { method: methodOf(item), ...(bulkId === undefined ? {} : { bulkId }) };
}

function bulkIdOf(item: BulkItem): string | undefined {
  return item.kind === 'operation' ? item.operation.bulkId : item.bulkId;
}

function methodOf(item: BulkItem): string {
  return item.kind === 'operation' ? item.operation.method : item.method;
}
