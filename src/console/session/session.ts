import { queryOptions, useMutation } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
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

const app = getRouteApi('/app');

/**
 * The session of whoever is signed in, for what is shown inside of the shell. As it was when the page was entered: when
 * it ends, the sign-in page takes the place of all of this.
 */
export function useSession(): Session {
  return app.useRouteContext().session;
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
