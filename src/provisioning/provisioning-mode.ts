import sql from 'sql-template-tag';
import type { ProvisioningMode } from '../contract/organizations.ts';
import type { Database, Queryable, Transaction } from '../platform/database.ts';
import { DomainError } from '../platform/errors.ts';
import { appendEntry, type Cause } from '../sync-log/append.ts';
import { recordRefusal } from '../sync-log/record-refusal.ts';
import { changeDirectorySettings } from './directory-settings.ts';
import {
  isActive,
  missingConditions,
  readDirectorySyncState,
  type DirectorySyncState,
} from './directory-sync-state.ts';
import { getOrganization } from './organizations.ts';
import { createScimToken, revokeAllScimTokens } from './scim-tokens.ts';

export interface ProvisioningChanged {
  mode: ProvisioningMode;
  /** Shown once; only when this change selected `scim`. */
  token?: string;
  /** The re-synchronization that selecting `scim` started. */
  jobId?: string;
}

export interface ProvisioningState {
  mode: ProvisioningMode;
  active: boolean;
  /** What has to be done before directory sync can run. */
  missing: string[];
}

/** @throws NotFoundError */
export async function getProvisioning(db: Queryable, organizationId: string): Promise<ProvisioningState> {
  const { provisioningMode: mode } = await getOrganization(db, organizationId);
  const state = await readDirectorySyncState(db, organizationId);
  return { mode, active: isActive(state), missing: missingConditions(state) };
}

/**
 * Selects the provisioning mode.
 *
 * - To `scim`: plan, SSO connection and a verified domain are needed. Issues a token and re-synchronizes everybody.
 * - From `scim`, which has to be confirmed: revokes every token and thereby stops directory sync, at this commit. Users,
 *   groups, mappings and access stay; jobs that are not applied yet end as SKIPPED when a worker reads the new mode.
 *
 * @throws NotFoundError
 * @throws DomainError `conflict`: `plan-required`, `prerequisite-missing`, `scim-is-active` (jit while SCIM is active),
 *   `confirmation-required`
 */
export async function setProvisioningMode(
  db: Database,
  input: { organizationId: string; mode: ProvisioningMode; confirm: boolean; cause: Cause },
): Promise<ProvisioningChanged> {
  const { organizationId, mode, confirm, cause } = input;
  const attempt = {
    organizationId,
    action: 'CHANGE_PROVISIONING_MODE',
    resource: { type: 'Organization', id: organizationId, name: null },
    cause,
    details: { requestedMode: mode },
  } as const;
  return recordRefusal(db, attempt, () =>
    db.transaction(async (tx) => {
      const { result, jobId } = await changeDirectorySettings(tx, { organizationId, cause }, async (was, state) => {
        const from = was.provisioningMode;
        if (from === mode) return { name: was.name, from, token: undefined, tokensRevoked: 0 };
        if (mode === 'scim') requirePrerequisites(state);
        if (from === 'scim' && !confirm) throw leavingScim(mode);
        await storeMode(tx, organizationId, mode);
        const tokensRevoked = from === 'scim' ? await revokeAllScimTokens(tx, organizationId) : 0;
        const token = mode === 'scim' ? (await createScimToken(tx, organizationId)).token : undefined;
        return { name: was.name, from, token, tokensRevoked };
      });
      const { name, from, token, tokensRevoked } = result;
      await appendEntry(tx, {
        ...attempt,
        status: from === mode ? 'SKIPPED' : 'SUCCESS',
        resource: { ...attempt.resource, name },
        message: messageOf(from, mode, tokensRevoked),
        details: { modeBefore: from, modeAfter: mode, tokensRevoked },
        ...(jobId === null ? {} : { jobId }),
      });
      return { mode, ...(token === undefined ? {} : { token }), ...(jobId === null ? {} : { jobId }) };
    }),
  );
}

/** The plan comes first: without it nothing else that an admin could set up would help. */
function requirePrerequisites(state: DirectorySyncState): void {
  const missing = missingConditions(state);
  if (missing.length === 0) return;
  throw new DomainError(
    'conflict',
    state.planAllows ? 'prerequisite-missing' : 'plan-required',
    `SCIM cannot be selected yet. ${missing.join(' ')}`,
    { missing },
  );
}

function leavingScim(mode: ProvisioningMode): DomainError {
  const nextStep =
    'Leaving SCIM revokes every SCIM token and stops directory sync at once; users, groups, mappings and access stay. ' +
    'Send "confirm": true to go on.';
  return mode === 'jit'
    ? new DomainError('conflict', 'scim-is-active', 'Cannot enable JIT provisioning while SCIM is active', { nextStep })
    : new DomainError('conflict', 'confirmation-required', `SCIM is active. ${nextStep}`, { nextStep });
}

async function storeMode(tx: Transaction, organizationId: string, mode: ProvisioningMode): Promise<void> {
  await tx.query(sql`
    UPDATE organizations SET provisioning_mode = ${mode}, updated_at = now() WHERE id = ${organizationId}::uuid`);
}

function messageOf(from: ProvisioningMode, to: ProvisioningMode, tokensRevoked: number): string {
  if (from === to) return `The provisioning mode is already "${to}".`;
  const changed = `The provisioning mode changed from "${from}" to "${to}".`;
  if (to === 'scim') return `${changed} A SCIM token was issued; everybody is re-synchronized.`;
  if (from === 'scim') {
    return `${changed} Directory sync stopped; SCIM tokens revoked: ${tokensRevoked}. Users, groups, mappings and access stay as they are.`;
  }
  return changed;
}
