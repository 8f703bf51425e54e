import sql from 'sql-template-tag';
import type { Queryable } from '../platform/database.ts';

/** Tokens that a rotation has put on their last hours, over all organizations. */
export interface TokenExpiry {
  /** Until the first of them expires; null when there is none. */
  nextSeconds: number | null;
  /** Those that were used within the last hour: an identity provider that still has the old token. */
  inUse: number;
}

/** By the database's clock. */
export async function readTokenExpiry(db: Queryable): Promise<TokenExpiry> {
  const [row] = await db.query<TokenExpiry>(sql`
    SELECT extract(epoch FROM min(expires_at) - now())::float8 AS "nextSeconds",
      count(*) FILTER (WHERE last_used_at > now() - interval '1 hour') AS "inUse"
    FROM scim_tokens WHERE expires_at > now() AND revoked_at IS NULL`);
  return row ?? { nextSeconds: null, inUse: 0 };
}
