import sql from 'sql-template-tag';
import { expect } from 'vitest';
import type { OrganizationRole } from '../../src/contract/roles.ts';
import { createScimToken } from '../../src/provisioning/scim-tokens.ts';
import { createGroup, createOrganization, createUser, createWorkspace, mapGroup } from '../access/fixtures.ts';
import { expectNoDrift, snapshotManual, untilQuiet } from '../support/access-oracle.ts';
import { request, type Answer } from '../support/service.ts';
import { jobsOfRequest, orphans, unaccounted, type SentWrite } from './job-ledger.ts';
import type { Stage } from './stage.ts';

/** A PATCH body of RFC 7644 section 3.5.2. */
export function patch(...operations: object[]) {
  return { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: operations };
}

export const addMembers = (...ids: string[]) =>
  patch({ op: 'add', path: 'members', value: ids.map((value) => ({ value })) });

export const removeMembers = (...ids: string[]) =>
  patch({ op: 'remove', path: 'members', value: ids.map((value) => ({ value })) });

export const setActive = (active: boolean) => patch({ op: 'replace', path: 'active', value: active });

export type TenantAnswer = Answer & { requestId: string };

/**
 * An organization whose every write is remembered, so that its log can be compared with it, and with access given by
 * hand that must never change.
 */
export class Tenant {
  readonly id: string;
  /** Of the SCIM requests; changes when SCIM is left and selected again. */
  token: string;
  readonly writes: SentWrite[] = [];
  /** Of somebody invited by hand, whom nobody renames or removes. */
  readonly takenName: string;
  private readonly stage: Stage;
  private readonly manual: string;

  private constructor(
    stage: Stage,
    { id, token, takenName, manual }: { id: string; token: string; takenName: string; manual: string },
  ) {
    this.stage = stage;
    this.id = id;
    this.token = token;
    this.takenName = takenName;
    this.manual = manual;
  }

  /** Made in SQL: what is there before a race begins costs nothing. */
  static async create(stage: Stage, defaultRole: OrganizationRole = 'viewer'): Promise<Tenant> {
    const { db } = stage.service;
    const id = await createOrganization(db, { defaultRole });
    const { token } = await db.transaction((tx) => createScimToken(tx, id));
    const invited = await createUser(db, id, { managedBy: 'manual', role: 'developer' });
    const kept = await createUser(db, id, { role: defaultRole });
    const workspace = await createWorkspace(db, id, 'By hand');
    await db.query(sql`
      INSERT INTO workspace_members (organization_id, workspace_id, user_id, origin)
      VALUES (${id}, ${workspace}, ${invited}, 'manual'), (${id}, ${workspace}, ${kept}, 'manual')`);
    return new Tenant(stage, { id, token, takenName: `${invited}@example.com`, manual: await snapshotManual(db, id) });
  }

  get db() {
    return this.stage.service.db;
  }

  /** A SCIM request, by a path below the base URL. */
  scim(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<TenantAnswer> {
    return this.sendScim(this.stage.service.url, method, path, body, headers);
  }

  /** The same through another api process: requests of one may wait for one another before they come to the database. */
  async scimElsewhere(method: string, path: string, body?: unknown): Promise<TenantAnswer> {
    return this.sendScim(await this.stage.service.replicaUrl(), method, path, body, {});
  }

  private sendScim(
    url: string,
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string>,
  ): Promise<TenantAnswer> {
    return this.send('scim', url, method, `/api/v1/scim/${this.id}/v2${path}`, body, {
      authorization: `Bearer ${this.token}`,
      'content-type': 'application/scim+json',
      ...headers,
    });
  }

  /** A request to the admin API, by a path below the organization. */
  admin(method: string, path: string, body?: unknown): Promise<TenantAnswer> {
    return this.send('admin', this.stage.service.url, method, `/api/v1/organizations/${this.id}${path}`, body, {
      authorization: `Bearer ${this.stage.service.adminKey}`,
      'content-type': 'application/json',
    });
  }

  private async send(
    side: SentWrite['side'],
    url: string,
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string>,
  ): Promise<TenantAnswer> {
    const answer = await request<Record<string, unknown>>(url + path, method, body, headers);
    const requestId = answer.headers.get('x-request-id') ?? '';
    if (method !== 'GET') {
      const title = `${method} ${path.replace(/^.*\/(v2|organizations\/[^/]+)/, '')} ${body === undefined ? '' : JSON.stringify(body)}`;
      this.writes.push({ side, title, requestId, status: answer.status });
    }
    return { ...answer, requestId };
  }

  /** Users whom the directory manages, as if their first job had run. */
  async users(count: number): Promise<string[]> {
    const ids: string[] = [];
    for (let index = 0; index < count; index += 1) {
      ids.push(await createUser(this.db, this.id, { role: 'viewer' }));
    }
    return ids;
  }

  workspace(name: string): Promise<string> {
    return createWorkspace(this.db, this.id, name);
  }

  /** A group whose mapping gives these workspaces; with members, their access is there as well. */
  async mappedGroup(name: string, workspaceIds: string[], members: string[] = []): Promise<string> {
    const id = await createGroup(this.db, this.id, name);
    await mapGroup(this.db, this.id, id, { workspaceIds });
    if (members.length > 0) {
      await this.scim('PATCH', `/Groups/${id}`, addMembers(...members));
      await this.quiet();
    }
    return id;
  }

  quiet(): Promise<void> {
    return untilQuiet(this.db, 20_000, this.id);
  }

  async members(groupId: string): Promise<string[]> {
    const rows = await this.db.query<{ id: string }>(sql`
      SELECT user_id AS id FROM group_members WHERE organization_id = ${this.id} AND group_id = ${groupId} ORDER BY 1`);
    return rows.map(({ id }) => id);
  }

  /** What the product would read of a user at this moment: names of workspaces. */
  async effectiveAccess(userId: string): Promise<string[]> {
    const rows = await this.db.query<{ name: string }>(sql`
      SELECT w.name FROM effective_access a
      JOIN workspaces w ON w.organization_id = a.organization_id AND w.id = a.workspace_id
      WHERE a.organization_id = ${this.id} AND a.user_id = ${userId} ORDER BY 1`);
    return rows.map(({ name }) => name);
  }

  /** The one job that a request has added. */
  async jobOf({ requestId }: TenantAnswer): Promise<string> {
    const [job, ...others] = await jobsOfRequest(this.db, this.id, requestId);
    expect(others).toEqual([]);
    if (job === undefined) throw new Error('the request has added no job');
    return job;
  }

  /**
   * Waits for quiet, then holds everything against what must be true after any race: access as the oracle says, what was
   * given by hand as it was, one entry for each write and job, no orphan rows, no answer that blames the service.
   *
   * @param options.manualChanges access was given and taken by hand meanwhile: what was there before still has to be
   */
  async settle({ manualChanges = false }: { manualChanges?: boolean } = {}): Promise<void> {
    await this.quiet();
    await expectNoDrift(this.db, this.id);
    const manual = await snapshotManual(this.db, this.id);
    if (manualChanges) expect(manual.split('\n')).toEqual(expect.arrayContaining(this.manual.split('\n')));
    else expect(manual).toBe(this.manual);
    expect(await unaccounted(this.db, this.id, this.writes)).toEqual([]);
    expect(await orphans(this.db, this.id)).toEqual([]);
    expect(this.writes.filter(({ status }) => status >= 500)).toEqual([]);
  }
}
