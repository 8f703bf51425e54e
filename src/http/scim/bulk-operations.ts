import { resolveBulkIds, type BulkItem, type BulkOperation } from '../../scim/bulk-request.ts';
import type { BulkResult } from '../../scim/bulk-response.ts';
import { weakETag } from '../../scim/etag.ts';
import { actionOfMethod, recordFailure } from './audited.ts';
import { groupOperations } from './group-operations.ts';
import type { ScimDependencies } from './scim-dependencies.ts';
import type { ScimRequest } from './scim-context.ts';
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
}

/** @param request the bulk request, on whose behalf each of its items runs */
export function bulkPerformer(
  { db, nudge }: Pick<ScimDependencies, 'db' | 'nudge'>,
  request: ScimRequest,
  items: readonly BulkItem[],
): BulkPerformer {
  const operationsOf = { User: userOperations({ db, nudge }), Group: groupOperations({ db, nudge }) };
  /** What was created, by bulkId; null where the creation failed, or could not even be tried. */
  const created = new Map<string, string | null>(
    items.flatMap((item) => (item.kind === 'refused' && item.bulkId !== undefined ? [[item.bulkId, null]] : [])),
  );

  const run = async (operation: BulkOperation): Promise<{ status: number; id: string; version?: number }> => {
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

  const refuse = async (item: BulkItem, error: unknown): Promise<void> => {
    const operation = item.kind === 'operation' ? item.operation : undefined;
    const resourceType = item.kind === 'operation' ? item.operation.resourceType : item.resourceType;
    await recordFailure(
      db,
      request,
      {
        action: actionOfMethod(methodOf(item).toUpperCase()) ?? 'UPDATE',
        // A path that leads nowhere concerns no resource in particular.
        type: resourceType?.name ?? 'Organization',
        id: operation?.id ?? null,
        body: operation?.data,
      },
      error,
    );
  };

  return {
    perform: async (item, refusal) => {
      const operation = item.kind === 'operation' ? item.operation : undefined;
      const bulkId = item.kind === 'operation' ? operation?.bulkId : item.bulkId;
      const named = { method: methodOf(item), ...(bulkId === undefined ? {} : { bulkId }) };
      const locationOf = (id: string) => `${request.baseUrl}${operation?.resourceType.endpoint ?? ''}/${id}`;
      const failed = (error: unknown): BulkResult => {
        if (operation?.method === 'POST' && bulkId !== undefined) created.set(bulkId, null);
        const answer = toScimError(error, request.requestId);
        if (answer.status >= 500) request.logger.error({ err: error }, 'an operation of a SCIM bulk request failed');
        // RFC 7644 section 3.7.3: always there, except for a POST that failed.
        const location = operation?.id === undefined ? {} : { location: locationOf(operation.id) };
        return { ...named, ...location, status: answer.status, error: answer };
      };

      const known = item.kind === 'refused' ? item.error : refusal;
      let resolved: BulkOperation;
      try {
        if (known !== undefined || operation === undefined) throw known;
        resolved = resolveBulkIds(operation, created);
      } catch (error) {
        await refuse(item, error);
        return failed(error);
      }
      try {
        const { status, id, version } = await run(resolved);
        if (resolved.method === 'POST' && bulkId !== undefined) created.set(bulkId, id);
        return {
          ...named,
          status,
          location: locationOf(id),
          ...(version === undefined ? {} : { version: weakETag(version) }),
        };
      } catch (error) {
        return failed(error);
      }
    },
  };
}

function methodOf(item: BulkItem): string {
  return item.kind === 'operation' ? item.operation.method : item.method;
}
