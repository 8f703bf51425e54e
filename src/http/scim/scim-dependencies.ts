import type { Database } from '../../platform/database.ts';

export interface ScimDependencies {
  db: Database;
  /** Base of every URL that is handed out, without a slash at the end. */
  publicUrl: string;
  /** Tells the dispatcher, after the commit, that there are new job rows. Never throws, never waits. */
  nudge: () => void;
}

/** Page size when a provider names none, and the most that it gets. */
export const pageSize = { defaultCount: 100, maxCount: 500 } as const;
