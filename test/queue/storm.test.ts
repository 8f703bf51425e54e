import sql from 'sql-template-tag';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { grantManually, revokeManually } from '../../src/access/grants.ts';
import { saveMapping } from '../../src/access/mappings.ts';
import { requestResync } from '../../src/access/resync.ts';
import { insertMembershipJobs } from '../../src/jobs/add.ts';
import type { Transaction } from '../../src/platform/database.ts';
import {
  addMembers,
  cause,
  createGroup,
  createOrganization,
  createUser,
  createUsers,
  createWorkspace,
  entries,
  removeMembers,
} from '../access/fixtures.ts';
import { expectNoDrift, snapshotManual, untilQuiet } from '../support/access-oracle.ts';
import { createRig, engines, type Rig } from './harness.ts';

/** A small seeded generator (mulberry32), so that a failure can be repeated. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

describe.each(engines)('on $engine', ({ engine, skip }) => {
  let rig: Rig;
  beforeEach(async (context) => {
    if (skip) context.skip();
    rig = await createRig(engine);
  });
  afterEach(() => rig.close());

  test.each([1, 2, 3])(
    'concurrent writers of every kind, the queue wiped meanwhile: access ends right (seed %i)',
    async (seed) => {
      const { db } = rig;
      const next = random(seed);
      const pick = <T>(items: readonly T[]): T => {
        const item = items[next(items.length)];
        if (item === undefined) throw new Error('nothing to pick from');
        return item;
      };
      const organizations = await Promise.all([1, 2].map(() => createOrganization(db)));
      const worlds = await Promise.all(
        organizations.map(async (organizationId) => {
          const users = await createUsers(db, organizationId, 40);
          const workspaces = await Promise.all([1, 2, 3, 4].map((n) => createWorkspace(db, organizationId, `W${n}`)));
          const groups = await Promise.all([1, 2, 3, 4, 5].map((n) => createGroup(db, organizationId, `G${n}`)));
          const invited = await createUser(db, organizationId, { managedBy: 'manual', role: 'admin' });
          await grantManually(db, { organizationId, workspaceId: pick(workspaces), userId: invited, cause });
          return { organizationId, users, workspaces, groups };
        }),
      );
      const manual = await snapshotManual(db);
      for (const organizationId of organizations) await requestResync(db, organizationId, cause);

      rig.startWorkers();
      const dispatcher = rig.startDispatcher({ sweepEveryMs: 50, overdueAfterMs: 1_000 });
      /** As the ingress does: the change and its job rows in one transaction, a nudge after the commit. */
      const change = async (organizationId: string, userIds: string[], work: (tx: Transaction) => Promise<unknown>) => {
        await db.transaction(async (tx) => {
          await work(tx);
          await tx.query(insertMembershipJobs(organizationId, null, sql`SELECT unnest(${userIds}::uuid[]) AS user_id`));
        });
        dispatcher.nudge();
      };
      const step = async (): Promise<void> => {
        const { organizationId, users, workspaces, groups } = pick(worlds);
        const [userId, groupId] = [pick(users), pick(groups)];
        switch (next(10)) {
          case 0:
          case 1:
          case 2:
            return change(organizationId, [userId], (tx) => addMembers(tx, organizationId, groupId, [userId]));
          case 3:
          case 4:
            return change(organizationId, [userId], (tx) => removeMembers(tx, organizationId, groupId, [userId]));
          case 5:
            return change(organizationId, [userId], (tx) =>
              tx.query(
                sql`UPDATE users SET active = NOT active WHERE organization_id = ${organizationId} AND id = ${userId}`,
              ),
            );
          case 6: {
            const some = users.slice(next(20), 20 + next(20));
            return change(organizationId, some, (tx) => addMembers(tx, organizationId, groupId, some));
          }
          case 7: {
            const workspaceId = pick(workspaces);
            await grantManually(db, { organizationId, workspaceId, userId, cause });
            return revokeManually(db, { organizationId, workspaceId, userId, cause });
          }
          case 8:
            if (next(4) === 0) await requestResync(db, organizationId, cause);
            dispatcher.nudge();
            return;
          default:
            await saveMapping(db, {
              organizationId,
              groupId,
              workspaceIds: workspaces.filter(() => next(2) === 0),
              role: pick(['viewer', 'developer', 'admin', null] as const),
              confirm: true,
              cause,
            });
            dispatcher.nudge();
            return;
        }
      };
      await Promise.all(
        Array.from({ length: 6 }, async (_, writer) => {
          for (let count = 0; count < 25; count += 1) {
            await step();
            if (writer === 0 && count === 12) await rig.wipeQueue();
          }
        }),
      );
      await untilQuiet(db);

      await expectNoDrift(db);
      expect(await snapshotManual(db)).toBe(manual);
      const failed = (await Promise.all(organizations.map((id) => entries(db, id))))
        .flat()
        .filter((entry) => entry.status === 'FAILED');
      expect(failed).toEqual([]);
    },
  );
});
