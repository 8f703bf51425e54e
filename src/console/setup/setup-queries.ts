import { queryOptions } from '@tanstack/react-query';
import { setupEndpoints } from '../../contract/setup.ts';
import { call } from '../api/call.ts';

/** How often to look whether the provider's first calls have come. */
const lookAgainMs = 3_000;

/** How far the set-up has come. While somebody looks at it, and until it is done, it is read again and again. */
export function setupQuery(organizationId: string) {
  return queryOptions({
    queryKey: ['setup', organizationId],
    queryFn: ({ signal }) => call(setupEndpoints.getSetup, { params: { organizationId }, signal }),
    refetchInterval: ({ state: { data } }) => (data !== undefined && data.firstMapping !== null ? false : lookAgainMs),
  });
}
