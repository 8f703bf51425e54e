import { Router } from 'express';
import { bulkOrder, parseBulkRequest } from '../../scim/bulk-request.ts';
import { bulkResponse, type BulkResult } from '../../scim/bulk-response.ts';
import { AbandonedError, OutOfTimeError, requireTimeToBegin } from '../../platform/deadline.ts';
import { DomainError } from '../../platform/errors.ts';
import { makeEntryIds } from '../../sync-log/append.ts';
import { bulkPerformer } from './bulk-operations.ts';
import { turnOf } from './fair-turns.ts';
import type { ScimDependencies } from './scim-dependencies.ts';
import { scimRequestOf } from './scim-context.ts';
import { bulkLimits } from './scim-limits.ts';
import { sendResource } from './send-json.ts';

/**
 * `/Bulk` (RFC 7644 section 3.7). Operations run one after the other, each waiting for its own transaction: a long bulk
 * takes one connection at a time and leaves the process to other requests in between, also to those of its organization
 * that wait for their turn. A token that is revoked on the way
 * ends it: each operation that is left is refused. So does the request's deadline, and its client going away.
 */
export function bulkRoutes(dependencies: Pick<ScimDependencies, 'nudge' | 'limits' | 'shares'>): Router {
  const { limits, shares } = dependencies;
  const router = Router({ caseSensitive: true });
  router.post('/Bulk', async (req, res) => {
    const request = scimRequestOf(res);
    const { user, group } = request.resourceTypes;
    const { items, failOnErrors = Infinity } = parseBulkRequest(req.body, [user, group], bulkLimits);
    const { order, circular } = bulkOrder(items);
    // The request itself has paid for one of them.
    limits.chargeScim(request.caller.organizationId, items.length - 1);
    const performer = bulkPerformer(dependencies, request, items, await makeEntryIds(request.db, items.length));
    const results = new Map<number, BulkResult>();
    let errors = 0;
    for (const [turn, position] of order.entries()) {
      const item = items[position];
      if (item === undefined) continue;
      await shares.pass(turnOf(res), request.deadline.remainingMs());
      const refusal = await refusalOf(async () => {
        requireTimeToBegin(request.deadline);
        await request.confirm();
      });
      if (endsBulk(refusal)) {
        const rest = order.slice(turn, turn + failOnErrors - errors).filter((left) => items[left] !== undefined);
        const refused = await performer.refuse(
          rest.flatMap((left) => items[left] ?? []),
          refusal,
        );
        for (const [i, left] of rest.entries()) if (refused[i] !== undefined) results.set(left, refused[i]);
        break;
      }
      const result = await performer.perform(item, circular.get(position) ?? refusal);
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

/** The token does not hold any more, the time is over or the client gone: then every operation that is left fails alike. */
function endsBulk(refusal: unknown): boolean {
  return refusal instanceof DomainError || refusal instanceof OutOfTimeError || refusal instanceof AbandonedError;
}

async function refusalOf(check: () => Promise<void>): Promise<unknown> {
  try {
    await check();
    return undefined;
  } catch (error) {
    return error;
  }
}
