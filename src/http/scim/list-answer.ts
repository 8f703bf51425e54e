import type { ServerResponse } from 'node:http';
import { listResponse } from '../../scim/list-response.ts';
import type { ListingHead } from './list-window.ts';
import { sendJsonText } from './send-json.ts';

/** A list answer (RFC 7644 section 3.4.2) whose resources are JSON texts, some of them still in the making. */
export interface Listing {
  head: ListingHead;
  resources: readonly (string | AsyncIterable<string>)[];
}

export function sendListing(res: ServerResponse, listing: Listing): Promise<void> {
  return sendJsonText(res, 200, listingText(listing));
}

async function* listingText({ head, resources }: Listing): AsyncGenerator<string> {
  const envelope = listResponse({ ...head, resources: [], itemsPerPage: resources.length });
  // `Resources` is the last member, and empty here.
  yield JSON.stringify(envelope).slice(0, -']}'.length);
  for (const [position, resource] of resources.entries()) {
    if (position > 0) yield ',';
    if (typeof resource === 'string') yield resource;
    else yield* resource;
  }
  yield ']}';
}
