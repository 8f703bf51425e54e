import { useNavigate, useRouterState } from '@tanstack/react-router';

declare module '@tanstack/react-router' {
  interface HistoryState {
    /** Cursors of the pages before this one, the first page (no cursor) aside; oldest first. */
    pagesBefore?: (string | undefined)[];
  }
}

export interface Paging {
  isFirst: boolean;
  next: (cursor: string) => void;
  /** Goes to the page before; where the address was opened directly, to the first one. */
  previous: () => void;
}

/**
 * Paging by the API's cursors. The page that is shown is in the address (`cursor`), so it can be shared and comes back
 * with the browser's "back"; the way that led there is in the history entry, because a cursor only leads forward.
 */
export function usePaging(): Paging {
  const navigate = useNavigate();
  const { cursor, pagesBefore = [] } = useRouterState({
    select: ({ location }) => ({
      cursor: (location.search as { cursor?: string }).cursor,
      pagesBefore: location.state.pagesBefore,
    }),
    structuralSharing: true,
  });
  const go = (to: string | undefined, trail: (string | undefined)[]): void => {
    void navigate({
      to: '.',
      search: (previous: Record<string, unknown>) => ({ ...previous, cursor: to }),
      state: (previous) => ({ ...previous, pagesBefore: trail }),
    });
  };
  return {
    isFirst: cursor === undefined,
    next: (to) => go(to, [...pagesBefore, cursor]),
    previous: () => go(pagesBefore.at(-1), pagesBefore.slice(0, -1)),
  };
}
