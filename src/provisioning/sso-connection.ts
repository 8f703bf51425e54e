import sql from 'sql-template-tag';
import type { OrganizationRole } from '../contract/roles.ts';
import type { Database, Queryable } from '../platform/database.ts';
import { DomainError } from '../platform/errors.ts';
import { appendEntry, type Cause } from '../sync-log/append.ts';
import { changeDirectorySettings, syncConsequence } from './directory-settings.ts';
import { getOrganization } from './organizations.ts';

export interface SsoConnection {
  /** For people. */
  provider: string;
  status: 'active' | 'inactive';
  /** The connection role. */
  defaultRole: OrganizationRole;
  createdAt: Date;
  updatedAt: Date;
}

const columns = sql`provider, status, default_role AS "defaultRole", created_at AS "createdAt", updated_at AS "updatedAt"`;

/** @throws NotFoundError, DomainError `not-found` (`sso-connection-not-found`) */
export async function getSsoConnection(db: Queryable, organizationId: string): Promise<SsoConnection> {
  await getOrganization(db, organizationId);
  const connection = await readConnection(db, organizationId);
  if (connection === undefined) {
    throw new DomainError(
      'not-found',
      'sso-connection-not-found',
      'The organization has no SSO connection yet. Set one with PUT on this address.',
    );
  }
  return connection;
}

/**
 * Sets the organization's one SSO connection. A new default role, and a connection that makes directory sync active
 * again, re-synchronize the organization.
 *
 * @throws NotFoundError
 */
export async function setSsoConnection(
  db: Database,
  input: { organizationId: string; cause: Cause } & Pick<SsoConnection, 'provider' | 'status' | 'defaultRole'>,
): Promise<SsoConnection> {
  const { organizationId, cause, provider, status, defaultRole } = input;
  return db.transaction(async (tx) => {
    const { result, before, after } = await changeDirectorySettings(tx, { organizationId, cause }, async () => {
      const was = await readConnection(tx, organizationId);
      const unchanged = was?.provider === provider && was.status === status && was.defaultRole === defaultRole;
      if (unchanged) return { connection: was, was, unchanged };
      const [connection] = await tx.query<SsoConnection>(sql`
        INSERT INTO sso_connections (organization_id, provider, status, default_role)
        VALUES (${organizationId}::uuid, ${provider}, ${status}, ${defaultRole})
        ON CONFLICT (organization_id) DO UPDATE
        SET provider = excluded.provider, status = excluded.status, default_role = excluded.default_role, updated_at = now()
        RETURNING ${columns}`);
      if (connection === undefined) throw new Error('INSERT ... RETURNING answered no row');
      return { connection, was, unchanged };
    });
    const { connection, was, unchanged } = result;
    await appendEntry(tx, {
      organizationId,
      action: 'UPDATE_SSO_CONNECTION',
      status: unchanged ? 'SKIPPED' : 'SUCCESS',
      resource: { type: 'SsoConnection', id: organizationId, name: provider },
      cause,
      message: unchanged
        ? 'Nothing to change: the SSO connection already has these values.'
        : `The SSO connection "${provider}" is ${status}; its connection role is ${defaultRole}.` +
          syncConsequence(before, after),
      details: {
        before: was === undefined ? null : settingsOf(was),
        after: settingsOf(connection),
      },
    });
    return connection;
  });
}

async function readConnection(db: Queryable, organizationId: string): Promise<SsoConnection | undefined> {
  const [connection] = await db.query<SsoConnection>(
    sql`SELECT ${columns} FROM sso_connections WHERE organization_id = ${organizationId}::uuid`,
  );
  return connection;
}

function settingsOf({ provider, status, defaultRole }: SsoConnection) {
  return { provider, status, defaultRole };
}
