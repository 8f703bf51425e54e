import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectNoDrift, snapshotManual } from '../../support/access-oracle.ts';
import { engines, isMissing, startService, type TestOrganization, type TestService } from '../../support/service.ts';

const patch = (...operations: object[]) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: operations,
});

describe.each(engines)('concurrent writers, queues on %s', (engine) => {
  describe.skipIf(isMissing(engine))('', () => {
    let service: TestService;
    beforeAll(async () => {
      service = await startService({ engine });
    });
    afterAll(() => service.close());

    const people = (organization: TestOrganization, count: number, name = 'p') =>
      Promise.all(Array.from({ length: count }, (_, i) => organization.user(`${name}${i}@${organization.id}.example`)));

    const membersOf = async (organization: TestOrganization, groupId: string): Promise<string[]> => {
      const rows = await service.db.query<{ id: string }>(sql`
        SELECT user_id AS id FROM group_members WHERE organization_id = ${organization.id} AND group_id = ${groupId}
        ORDER BY user_id`);
      return rows.map(({ id }) => id);
    };

    // I15: an acknowledged add is present unless a later acknowledged remove.
    test('200 parallel one-member PATCHes on one group lose nothing, and everybody gets access', async () => {
      const organization = await service.organization();
      const users = await people(organization, 200);
      const group = await organization.group('Everybody');
      const workspace = await organization.workspace('Web');
      await organization.mapping(group, { workspaceIds: [workspace], role: 'developer' });
      const manual = await organization.user(`manual@${organization.id}.example`);
      await service.admin('PUT', `/organizations/${organization.id}/workspaces/${workspace}/members/${manual}`);
      const before = await snapshotManual(service.db, organization.id);

      const answers = await Promise.all(
        users.map((value) =>
          organization.scim('PATCH', `/Groups/${group}`, patch({ op: 'add', path: 'members', value: [{ value }] })),
        ),
      );
      expect(answers.map(({ status }) => status)).toEqual(users.map(() => 204));
      expect(await membersOf(organization, group)).toEqual(users.toSorted());

      await service.quiet();
      await expectNoDrift(service.db, organization.id);
      expect(await snapshotManual(service.db, organization.id)).toBe(before);
      const [access] = await service.db.query<{ count: number }>(sql`
        SELECT count(*) AS count FROM effective_access
        WHERE organization_id = ${organization.id} AND workspace_id = ${workspace} AND origin = 'directory'`);
      expect(access?.count).toBe(200);
      // One log entry for each request: SUCCESS, for each changed something.
      const [entries] = await service.db.query<{ count: number }>(sql`
        SELECT count(*) AS count FROM sync_logs
        WHERE organization_id = ${organization.id} AND action = 'ADD_MEMBERS' AND status = 'SUCCESS'`);
      expect(entries?.count).toBe(200);
    });

    // R10
    test('16 simultaneous POSTs of one userName give one 201 and fifteen 409', async () => {
      const organization = await service.organization();
      const userName = `twin@${organization.id}.example`;
      const answers = await Promise.all(
        Array.from({ length: 16 }, () => organization.scim('POST', '/Users', { userName, active: true })),
      );
      expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array<number>(15).fill(409)]);
      const [entries] = await service.db.query<{ created: number; failed: number }>(sql`
        SELECT count(*) FILTER (WHERE status = 'SUCCESS') AS created, count(*) FILTER (WHERE status = 'FAILED') AS failed
        FROM sync_logs WHERE organization_id = ${organization.id} AND action = 'CREATE' AND resource_type = 'User'`);
      expect(entries).toEqual({ created: 1, failed: 15 });
    });

    test('two organizations under load at once never see each other', async () => {
      const organizations = [await service.organization(), await service.organization()] as const;
      const userIds = await Promise.all(organizations.map((organization) => people(organization, 60)));
      await Promise.all(
        organizations.map(async (organization, which) => {
          const own = userIds[which] ?? [];
          const group = await organization.group('Team', own.slice(0, 30));
          const workspace = await organization.workspace('Web');
          await organization.mapping(group, { workspaceIds: [workspace], role: 'admin' });
          await Promise.all(
            own.map((id, i) =>
              i % 3 === 0
                ? organization.scim('PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'active', value: false }))
                : organization.scim(
                    'PATCH',
                    `/Groups/${group}`,
                    patch({ op: 'add', path: 'members', value: [{ value: id }] }),
                  ),
            ),
          );
          for (const foreign of (userIds[1 - which] ?? []).slice(0, 10)) {
            expect((await organization.scim('GET', `/Users/${foreign}`)).status).toBe(404);
            const add = patch({ op: 'add', path: 'members', value: [{ value: foreign }] });
            expect((await organization.scim('PATCH', `/Groups/${group}`, add)).status).toBe(400);
          }
          const list = await organization.scim<{ totalResults: number }>('GET', '/Users?count=0');
          expect(list.body.totalResults).toBe(60);
        }),
      );
      await service.quiet();
      for (const { id } of organizations) await expectNoDrift(service.db, id);
    });

    test('deleting users while they are added to groups leaves no orphan and no deadlock', async () => {
      const organization = await service.organization();
      const users = await people(organization, 40);
      const groups = await Promise.all([organization.group('A', users), organization.group('B', users)]);
      const workspace = await organization.workspace('Web');
      for (const group of groups) await organization.mapping(group, { workspaceIds: [workspace], role: null });
      const answers = await Promise.all(
        users.flatMap((id) => [
          organization.scim('DELETE', `/Users/${id}`),
          ...groups.map((group) =>
            organization.scim(
              'PATCH',
              `/Groups/${group}`,
              patch({ op: 'add', path: 'members', value: [{ value: id }] }),
            ),
          ),
        ]),
      );
      // An add that comes after the delete names a member who is not there any more.
      expect(answers.every(({ status }) => status === 204 || status === 400)).toBe(true);
      await service.quiet();
      await expectNoDrift(service.db, organization.id);
      const [left] = await service.db.query<{ count: number }>(sql`
        SELECT (SELECT count(*) FROM group_members WHERE organization_id = ${organization.id})
          + (SELECT count(*) FROM workspace_members WHERE organization_id = ${organization.id}) AS count`);
      expect(left?.count).toBe(0);
    });
  });
});
