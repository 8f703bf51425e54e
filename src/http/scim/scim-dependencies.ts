import type { Database } from '../../platform/database.ts';
import type { FairShares } from '../../rate-limit/fair-shares.ts';
import type { LateEntries } from '../../sync-log/late-entries.ts';
import type { RateLimits } from '../rate-limits.ts';

export interface ScimDependencies {
  db: Database;
  /** Base of every URL that is handed out, without a slash at the end. */
  publicUrl: string;
  /** Tells the dispatcher, after the commit, that there are new job rows. Never throws, never waits. */
  nudge: (organizationId: string) => void;
  limits: Pick<RateLimits, 'takeScim' | 'chargeScim' | 'meet'>;
  /** What one organization may have under way while others are active. */
  shares: FairShares;
  /** Keeps entries that could not be written in time. */
  lateEntries: Pick<LateEntries, 'add'>;
}
