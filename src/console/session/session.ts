import { queryOptions, useMutation, useSuspenseQuery } from '@tanstack/react-query';
import { mayDo, permissions, type AdminRole } from '../../contract/authorization.ts';
import type { AnswerOf } from '../../contract/endpoint.ts';
import { sessionEndpoints } from '../../contract/session.ts';
import { call } from '../api/call.ts';
import { ProblemError } from '../api/problem-error.ts';

export type Session = AnswerOf<typeof sessionEndpoints.getSession>;

/** Who is signed in; null: nobody. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async ({ signal }): Promise<Session | null> => {
    try {
      return await call(sessionEndpoints.getSession, { signal });
    } catch (error) {
      if (error instanceof ProblemError && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: Infinity,
  gcTime: Infinity,
});

/** The session of whoever is signed in. Only for what is shown inside of the shell. */
export function useSession(): Session {
  const { data } = useSuspenseQuery(sessionQuery);
  if (data === null) throw new Error('Nobody is signed in.'); // the router shows the sign-in page instead
  return data;
}

/** Whether whoever is signed in may do this operation of the API: what they may not is not offered. */
export function useMay(operation: keyof typeof permissions): boolean {
  return mayDo(roleOf(useSession()), permissions[operation]);
}

export function useSignIn() {
  return useMutation({
    mutationFn: (adminKey: string) => call(sessionEndpoints.createSession, { body: { adminKey } }),
  });
}

export function useSignOut() {
  return useMutation({ mutationFn: () => call(sessionEndpoints.deleteSession, {}) });
}

function roleOf({ scope, role }: Session): AdminRole {
  return scope === 'platform' ? 'platform' : role;
}
