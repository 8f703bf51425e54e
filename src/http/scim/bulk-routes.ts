import { Router } from 'express';
import { bulkOrder, parseBulkRequest } from '../../scim/bulk-request.ts';
import { bulkResponse, type BulkResult } from '../../scim/bulk-response.ts';
import { bulkPerformer } from './bulk-operations.ts';
import type { ScimDependencies } from './scim-dependencies.ts';
import { scimRequestOf } from './scim-context.ts';
import { bulkLimits } from './scim-limits.ts';
import { sendResource } from './send-json.ts';

/**
 * `/Bulk` (RFC 7644 section 3.7). Operations run one after the other, each waiting for its own transaction: a long bulk
 * takes one connection at a time and leaves the process to other requests in between. A token that is revoked on the way
 * ends it: each operation that is left is refused.
 */
export function bulkRoutes(dependencies: Pick<ScimDependencies, 'db' | 'nudge'>): Router {
  const router = Router({ caseSensitive: true });
  router.post('/Bulk', async (req, res) => {
    const request = scimRequestOf(res);
    const { user, group } = request.resourceTypes;
    const { items, failOnErrors = Infinity } = parseBulkRequest(req.body, [user, group], bulkLimits);
    const { order, circular } = bulkOrder(items);
    const performer = bulkPerformer(dependencies, request, items);
    const results = new Map<number, BulkResult>();
    let errors = 0;
    for (const position of order) {
      const item = items[position];
      if (item === undefined) continue;
      const refusal = circular.get(position) ?? (await refusalOf(() => request.confirm()));
      const result = await performer.perform(item, refusal);
      results.set(position, result);
      if (result.error !== undefined) errors += 1;
      if (errors >= failOnErrors) break;
    }
    // In the order of the request, whatever the references made of it; what was not reached is not there.
    const positions = [...results].sort(([one], [other]) => one - other);
    sendResource(res, 200, bulkResponse(positions.map(([, result]) => result)));
  });
  return router;
}

async function refusalOf(check: () => Promise<void>): Promise<unknown> {
  try {
    await check();
    return undefined;
  } catch (error) {
    return error;
  }
}
