import sql from 'sql-template-tag';
import { closeGate } from '../jobs/gate.ts';
import type { Transaction } from '../platform/database.ts';
import { NotFoundError } from '../platform/errors.ts';
import { isId } from '../platform/ids.ts';
import type { Organization } from './organization.ts';
import { organizationColumns } from './organization.ts';

/**
 * Reads an organization for a change of its directory settings, and makes such changes queue up. Workers pass
 * the same gate and share-lock the same row while they apply a job: so a mode changes between two jobs, never
 * underneath one.
 *
 * @throws NotFoundError
 */
export async function lockOrganization(tx: Transaction, organizationId: string): Promise<Organization> {
  if (!isId(organizationId)) throw new NotFoundError('organization', organizationId);
  await tx.query(sql`SELECT ${closeGate(organizationId)}`);
  const [organization] = await tx.query<Organization>(sql`
    SELECT ${organizationColumns} FROM organizations o WHERE o.id = ${organizationId}::uuid FOR NO KEY UPDATE`);
  if (organization === undefined) throw new NotFoundError('organization', organizationId);
  return organization;
}
