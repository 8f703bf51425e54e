import sql from 'sql-template-tag';
import type { ProvisioningMode } from '../contract/organizations.ts';
import type { OrganizationRole } from '../contract/roles.ts';
import type { SignInDecisionAnswer } from '../contract/users.ts';
import type { Database, Queryable, Transaction } from '../platform/database.ts';
import { isEmailAddress } from '../platform/email-address.ts';
import { NotFoundError } from '../platform/errors.ts';
import { isId, newId } from '../platform/ids.ts';
import { foldCase } from '../scim/fold-case.ts';
import { appendEntry, type Cause } from '../sync-log/append.ts';
import { isVerifiedDomain } from './domains.ts';

export interface SignIn {
  organizationId: string;
  /** The address that the SSO connection vouches for. */
  email: string;
  /** The person's name, for a user that this sign-in creates. */
  name?: string | undefined;
  requestId: string | null;
}

interface Situation {
  mode: ProvisioningMode;
  ssoIsActive: boolean;
  defaultRole: OrganizationRole | null;
  userId: string | null;
  managedBy: 'directory' | 'manual' | 'jit' | null;
  active: boolean | null;
  role: OrganizationRole | null;
}

/**
 * Whether somebody may sign in, which is where the three modes become real:
 *
 * - `manual`: users who are there and active.
 * - `jit`: the same, and a new address of a verified domain becomes a user with the connection role.
 * - `scim`: users whom the identity provider pushed, and who are active.
 *
 * A user that is created leaves a CREATE entry, a refusal a FAILED one; letting a known user in changes nothing and is
 * not logged.
 *
 * @throws NotFoundError for an unknown organization
 */
export async function decideSignIn(db: Database, signIn: SignIn): Promise<SignInDecisionAnswer> {
  if (!isId(signIn.organizationId)) throw new NotFoundError('organization', signIn.organizationId);
  const known = decideForKnown(await readSituation(db, signIn), signIn.email);
  const decision = known ?? (await db.transaction((tx) => decideForUnknown(tx, signIn)));
  if (!decision.allowed) {
    await appendEntry(db, {
      organizationId: signIn.organizationId,
      action: 'SIGN_IN',
      status: 'FAILED',
      resource: { type: 'User', id: decision.userId ?? null, name: signIn.email },
      cause: causeOf(signIn),
      message: decision.message,
      details: { reason: decision.reason },
    });
  }
  return decision;
}

async function readSituation(db: Queryable, { organizationId, email }: SignIn): Promise<Situation> {
  const [situation] = await db.query<Situation>(sql`
    SELECT o.provisioning_mode AS mode, s.sso_is_active AS "ssoIsActive", s.default_role AS "defaultRole",
      u.id AS "userId", u.managed_by AS "managedBy", u.active, u.role
    FROM organizations o
    JOIN directory_sync_state s ON s.organization_id = o.id
    LEFT JOIN users u ON u.organization_id = o.id AND u.email_key = lower(${email})
    WHERE o.id = ${organizationId}::uuid`);
  if (situation === undefined) throw new NotFoundError('organization', organizationId);
  return situation;
}

/** The decision as far as reading suffices; undefined when a user may have to be created. */
function decideForKnown(situation: Situation, email: string): SignInDecisionAnswer | undefined {
  const { mode, userId, managedBy, active, role } = situation;
  if (userId === null) {
    if (mode === 'jit') return undefined;
    return mode === 'scim'
      ? refusal(
          'user-unknown',
          `The identity provider has not pushed a user with the address ${email}. Assign this person to the application there.`,
        )
      : refusal(
          'user-unknown',
          `There is no user with the address ${email}. An admin has to invite this person first.`,
        );
  }
  if (mode === 'scim' && managedBy !== 'directory') {
    return {
      ...refusal(
        'not-in-directory',
        `The user ${email} is not managed by the identity provider, and while SCIM is active only users whom it pushed may sign in. Assign this person to the application there.`,
      ),
      userId,
    };
  }
  if (active !== true) {
    return {
      ...refusal(
        'user-inactive',
        managedBy === 'directory'
          ? `The user ${email} is deactivated. Reactivate this person in the identity provider.`
          : `The user ${email} is deactivated. An admin has to remove and invite this person again.`,
      ),
      userId,
    };
  }
  return { allowed: true, reason: 'active-user', message: 'The user is active.', userId, role, created: false };
}

/** Decides again under a lock that keeps the mode and the domains as they are, and creates the user if all allow it. */
async function decideForUnknown(tx: Transaction, signIn: SignIn): Promise<SignInDecisionAnswer> {
  const { organizationId, email } = signIn;
  await tx.query(sql`SELECT FROM organizations WHERE id = ${organizationId}::uuid FOR SHARE`);
  const situation = await readSituation(tx, signIn);
  const known = decideForKnown(situation, email);
  if (known !== undefined) return known;
  if (!isEmailAddress(email)) {
    return refusal('invalid-email', `"${email}" is not an email address. Have the SSO connection send the address.`);
  }
  const domain = email.slice(email.lastIndexOf('@') + 1);
  if (!situation.ssoIsActive || situation.defaultRole === null) {
    return refusal(
      'sso-inactive',
      'There is no active SSO connection, so no user can be created at sign-in. An admin has to activate it.',
    );
  }
  if (!(await isVerifiedDomain(tx, organizationId, domain))) {
    return refusal(
      'domain-not-verified',
      `The domain ${domain} is not verified, so no user can be created for ${email}. An admin has to verify the domain.`,
    );
  }
  return createAtSignIn(tx, signIn, situation.defaultRole);
}

async function createAtSignIn(tx: Transaction, signIn: SignIn, role: OrganizationRole): Promise<SignInDecisionAnswer> {
  const { organizationId, email, name } = signIn;
  const attributes = {
    ...(name === undefined ? {} : { displayName: name }),
    emails: [{ value: email, type: 'work', primary: true }],
  };
  const userId = newId();
  // Two sign-ins at once: the second waits here for the first, inserts nothing, and finds the user that is there now.
  const created = await tx.query(sql`
    INSERT INTO users (organization_id, id, managed_by, user_name, email, display_name, role, attributes, email_values)
    VALUES (${organizationId}::uuid, ${userId}::uuid, 'jit', ${email}, ${email}, ${name ?? null}, ${role},
      ${JSON.stringify(attributes)}::jsonb, ${[foldCase(email)]})
    ON CONFLICT DO NOTHING
    RETURNING id`);
  if (created.length === 0) {
    const now = await readSituation(tx, signIn);
    return (
      decideForKnown(now, email) ??
      refusal(
        'email-in-use',
        `The address ${email} is already in use; it may belong to a user of another organization. Sign in with another address, or have that user removed first.`,
      )
    );
  }
  await appendEntry(tx, {
    organizationId,
    action: 'CREATE',
    status: 'SUCCESS',
    resource: { type: 'User', id: userId, name: email },
    cause: causeOf(signIn),
    message: `Created the user at sign-in, with the connection role ${role}.`,
    details: { provisioning: 'jit', roleBefore: null, roleAfter: role },
  });
  return { allowed: true, reason: 'created', message: 'The user was created.', userId, role, created: true };
}

function refusal(reason: SignInDecisionAnswer['reason'], message: string): SignInDecisionAnswer {
  return { allowed: false, reason, message };
}

function causeOf({ email, requestId }: SignIn): Cause {
  return { actor: { type: 'sign_in', id: null, name: email }, requestId };
}
