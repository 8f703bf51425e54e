import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { ProblemError, UnreachableError } from '../api/problem-error.ts';
import { noteUnreachable } from '../api/reachability.ts';

/** A read is asked again as long as the service is away, and twice when it says that it cannot just now. */
const busyRetries = 2;

/**
 * Every read and write of the console goes through this client.
 *
 * @param onSessionEnded called when the service does not know our session any more
 */
export function createQueryClient(onSessionEnded: () => void): QueryClient {
  const onError = (error: Error): void => {
    if (error instanceof UnreachableError) noteUnreachable();
    if (error instanceof ProblemError && error.status === 401) onSessionEnded();
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        // What is seen again within this time was read just now.
        staleTime: 5_000,
        retry: (failures, error) => {
          if (error instanceof UnreachableError) {
            noteUnreachable();
            return true;
          }
          return error instanceof ProblemError && [429, 503].includes(error.status) && failures < busyRetries;
        },
        retryDelay: (failures) => Math.min(500 * 2 ** failures, 4_000),
      },
      // A write is done now or refused now; it must never come as a surprise when the network is back.
      mutations: { networkMode: 'always', retry: false },
    },
  });
}
