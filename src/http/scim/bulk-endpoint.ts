import { bulkOrder, parseBulkRequest } from '../../scim/bulk-request.ts';
import { bulkResponse, type BulkResult } from '../../scim/bulk-response.ts';
import { AbandonedError, OutOfTimeError, requireTimeToBegin } from '../../platform/deadline.ts';
import { DomainError } from '../../platform/errors.ts';
import { makeEntryIds } from '../../sync-log/append.ts';
import { bulkPerformer } from './bulk-operations.ts';
import { requestOf, type Endpoints, type Exchange } from './exchange.ts';
import { turnOf } from './fair-turns.ts';
import type { ScimDependencies } from './scim-dependencies.ts';
import { bulkLimits } from './scim-limits.ts';
import { sendResource } from './send-json.ts';
import { thrownBy } from './thrown-by.ts';

/**
 * `/Bulk` (RFC 7644 section 3.7). Operations run one after the other, each waiting for its own transaction: a long bulk
 * takes one connection at a time and leaves the process to other requests in between, also to those of its organization
 * that wait for their turn. A token that is revoked on the way ends it: each operation that is left is refused. So does the
 * request's deadline, and its client going away.
 */
export function bulkEndpoint(dependencies: Pick<ScimDependencies, 'nudge' | 'limits' | 'shares'>): Endpoints {
  const { limits, shares } = dependencies;
  const perform = async (exchange: Exchange): Promise<BulkResult[]> => {
    const request = requestOf(exchange);
    const { user, group } = request.resourceTypes;
    const { items, failOnErrors = Infinity } = parseBulkRequest(exchange.body, [user, group], bulkLimits);
    const { order, circular } = bulkOrder(items);
    // The request itself has paid for one of them.
    limits.chargeScim(request.caller.organizationId, items.length - 1);
    const performer = bulkPerformer(dependencies, request, items, await makeEntryIds(request.db, items.length));
    const results = new Map<number, BulkResult>();
    let errors = 0;
    for (const [turn, position] of order.entries()) {
      const item = items[position];
      if (item === undefined) continue;
      await shares.pass(turnOf(exchange), request.deadline.remainingMs());
      const refusal = await thrownBy(async () => {
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
    return positions.map(([, result]) => result);
  };
  return {
    '/Bulk': {
      POST: async (exchange) => {
        sendResource(exchange.res, 200, bulkResponse(await perform(exchange)));
      },
    },
  };
}

/** The token does not hold any more, the time is over or the client gone: then every operation that is left fails alike. */
function endsBulk(refusal: unknown): boolean {
  return refusal instanceof DomainError || refusal instanceof OutOfTimeError || refusal instanceof AbandonedError;
}
