import sql from 'sql-template-tag';
import type { Queryable } from '../../../src/platform/database.ts';

/** Users whose deactivation or deletion was acknowledged: no read may show them with access (I4). */
export interface DeniedUsers {
  /** The answer has come: from now on. */
  deny(organizationId: string, userId: string): void;
  /** A reactivation is about to be sent. */
  allow(userId: string): void;
  /** A read over HTTP was made by the lane itself. */
  countHttpPoll(): void;
  /** One look at all of them in the database, through the view that the product reads. */
  poll(db: Queryable): Promise<void>;
  polls(): { users: number; http: number };
}

export function createDeniedUsers(onViolation: (problem: string) => void): DeniedUsers {
  /** With a number that changes when the user is denied anew, so that a look knows what it has looked at. */
  const denied = new Map<string, { organizationId: string; since: number }>();
  let serial = 0;
  let users = 0;
  let http = 0;
  return {
    deny(organizationId, userId) {
      serial += 1;
      denied.set(userId, { organizationId, since: serial });
    },
    allow: (userId) => denied.delete(userId),
    countHttpPoll: () => (http += 1),
    async poll(db) {
      const before = new Map(denied);
      if (before.size === 0) return;
      const organizationIds = [...new Set([...before.values()].map(({ organizationId }) => organizationId))];
      const shown = await db.query<{ userId: string; workspaceId: string; origin: string }>(sql`
        SELECT user_id AS "userId", workspace_id AS "workspaceId", origin FROM effective_access
        WHERE organization_id = ANY (${organizationIds}::uuid[]) AND user_id = ANY (${[...before.keys()]}::uuid[])`);
      users += before.size;
      for (const { userId, workspaceId, origin } of shown) {
        if (denied.get(userId)?.since !== before.get(userId)?.since) continue; // reactivated meanwhile
        onViolation(`I4: user ${userId} has ${origin} access to ${workspaceId} after its deactivation was answered`);
      }
    },
    polls: () => ({ users, http }),
  };
}
