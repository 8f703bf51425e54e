import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
  type ErrorComponentProps,
} from '@tanstack/react-router';
import { z } from 'zod';
import { adminKeySearch } from '../admin-keys/admin-key-search.ts';
import { ErrorState } from '../shared/error-state.tsx';
import { LoadingState } from '../shared/loading-state.tsx';
import { logSearch } from '../logs/log-search.ts';
import { mappingSearch } from '../mappings/mapping-search.ts';
import { operationsSearch } from '../operations/operations-search.ts';
import { organizationSearch } from '../organizations/organization-search.ts';
import { peopleSearch } from '../people/people-search.ts';
import { sessionQuery } from '../session/session.ts';
import { setupSearch } from '../setup/setup-search.ts';
import { workspaceSearch } from '../workspaces/workspace-search.ts';
import { NotFoundPage } from './not-found-page.tsx';
import { Shell } from './shell.tsx';

/*
 * Every address of the console. A page lives in the folder of its capability and is loaded when it is visited; the shape
 * of its search parameters stands beside it, in `<capability>/<what>-search.ts`.
 */

const root = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  notFoundComponent: NotFoundPage,
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: z.object({ returnTo: z.string().optional(), ended: z.boolean().optional() }),
  component: lazyRouteComponent(() => import('../session/sign-in-page.tsx'), 'SignInPage'),
});

/** Everything that only somebody who is signed in sees. */
const app = createRoute({
  getParentRoute: () => root,
  id: 'app',
  beforeLoad: async ({ context, location }) => {
    const session = await context.queryClient.query({ ...sessionQuery, staleTime: 'static' });
    if (session === null) throw redirect({ to: '/sign-in', search: { returnTo: location.href } });
    return { session };
  },
  component: Shell,
});

const home = createRoute({
  getParentRoute: () => app,
  path: '/',
  beforeLoad: ({ context: { session } }) => {
    if (session.organization === null) throw redirect({ to: '/organizations' });
    const params = { organizationId: session.organization.id };
    throw redirect({ to: '/organizations/$organizationId/identity', params });
  },
});

const organizations = createRoute({
  getParentRoute: () => app,
  path: '/organizations',
  validateSearch: organizationSearch,
  component: lazyRouteComponent(() => import('../organizations/organizations-page.tsx'), 'OrganizationsPage'),
});

const organization = createRoute({ getParentRoute: () => app, path: '/organizations/$organizationId' });

const organizationHome = createRoute({
  getParentRoute: () => organization,
  path: '/',
  beforeLoad: ({ params }) => {
    throw redirect({ to: '/organizations/$organizationId/identity', params });
  },
});

const identity = createRoute({
  getParentRoute: () => organization,
  path: '/identity',
  component: lazyRouteComponent(() => import('../provisioning/identity-page.tsx'), 'IdentityPage'),
});

const setup = createRoute({
  getParentRoute: () => organization,
  path: '/setup',
  validateSearch: setupSearch,
  component: lazyRouteComponent(() => import('../setup/setup-page.tsx'), 'SetupPage'),
});

const mappings = createRoute({
  getParentRoute: () => organization,
  path: '/mappings',
  validateSearch: mappingSearch,
  component: lazyRouteComponent(() => import('../mappings/mappings-page.tsx'), 'MappingsPage'),
});

const logs = createRoute({
  getParentRoute: () => organization,
  path: '/logs',
  validateSearch: logSearch,
  component: lazyRouteComponent(() => import('../logs/logs-page.tsx'), 'LogsPage'),
});

const people = createRoute({
  getParentRoute: () => organization,
  path: '/people',
  validateSearch: peopleSearch,
  component: lazyRouteComponent(() => import('../people/people-page.tsx'), 'PeoplePage'),
});

const workspaces = createRoute({
  getParentRoute: () => organization,
  path: '/workspaces',
  validateSearch: workspaceSearch,
  component: lazyRouteComponent(() => import('../workspaces/workspaces-page.tsx'), 'WorkspacesPage'),
});

const adminKeys = createRoute({
  getParentRoute: () => organization,
  path: '/admin-keys',
  validateSearch: adminKeySearch,
  component: lazyRouteComponent(() => import('../admin-keys/admin-keys-page.tsx'), 'AdminKeysPage'),
});

const operations = createRoute({
  getParentRoute: () => app,
  path: '/operations',
  validateSearch: operationsSearch,
  component: lazyRouteComponent(() => import('../operations/operations-page.tsx'), 'OperationsPage'),
});

const routeTree = root.addChildren([
  signIn,
  app.addChildren([
    home,
    organizations,
    organization.addChildren([organizationHome, identity, setup, mappings, workspaces, people, logs, adminKeys]),
    operations,
  ]),
]);

export function createConsoleRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree,
    context: { queryClient },
    defaultPreload: 'intent',
    // What is shown comes from TanStack Query, which knows how old it is.
    defaultPreloadStaleTime: 0,
    defaultPendingComponent: LoadingState,
    defaultErrorComponent: RouteError,
    scrollRestoration: true,
  });
}

function RouteError({ error, reset }: ErrorComponentProps) {
  return <ErrorState error={error instanceof Error ? error : new Error(String(error))} onRetry={reset} />;
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>;
  }
}
