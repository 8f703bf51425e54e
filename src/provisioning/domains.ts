import { randomBytes } from 'node:crypto';
import { domainToASCII } from 'node:url';
import sql, { empty } from 'sql-template-tag';
import { uniqueViolation } from '../platform/database-errors.ts';
import type { Database, Queryable, Transaction } from '../platform/database.ts';
import { DomainError, NotFoundError } from '../platform/errors.ts';
import type { Page, PageRequest } from '../platform/keyset.ts';
import { appendEntry, type Cause } from '../sync-log/append.ts';
import { recordRefusal } from '../sync-log/record-refusal.ts';
import { changeDirectorySettings, syncConsequence } from './directory-settings.ts';
import { publishedTokens, txtRecordOf, type ResolveTxt } from './domain-challenge.ts';
import { getOrganization } from './organizations.ts';

export interface Domain {
  domain: string;
  /** What the TXT record has to hold. Not a secret: it is published. */
  verificationToken: string;
  verifiedAt: Date | null;
  createdAt: Date;
}

const columns = sql`domain, verification_token AS "verificationToken", verified_at AS "verifiedAt", created_at AS "createdAt"`;

/** The one form in which domains are stored and compared: lower case, international labels in their ASCII form. */
function normaliseDomain(domain: string): string {
  return domainToASCII(domain.trim().toLowerCase());
}

interface DomainInput {
  organizationId: string;
  domain: string;
  cause: Cause;
}

/**
 * Claims a domain. Claiming it again answers with the claim that is there.
 *
 * @param input.verified the platform admin vouches for it: no DNS look-up
 * @throws NotFoundError, DomainError `invalid` (`invalid-domain`), `conflict` (`domain-verified-elsewhere`)
 */
export async function addDomain(db: Database, input: DomainInput & { verified: boolean }): Promise<Domain> {
  const { organizationId, cause, verified } = input;
  const domain = normaliseDomain(input.domain);
  if (domain === '') {
    throw new DomainError(
      'invalid',
      'invalid-domain',
      `"${input.domain}" is not a domain name. Send one such as example.com.`,
    );
  }
  const attempt = entryOf('ADD_DOMAIN', { organizationId, domain, cause });
  return recordRefusal(db, attempt, () =>
    db.transaction(async (tx) => {
      const { result, before, after } = await changeDirectorySettings(tx, { organizationId, cause }, async () => {
        const [added] = await tx.query<Domain>(sql`
          INSERT INTO domains (organization_id, domain, verification_token)
          VALUES (${organizationId}::uuid, ${domain}, ${randomBytes(20).toString('hex')})
          ON CONFLICT (organization_id, domain) DO NOTHING
          RETURNING ${columns}`);
        const claim = added ?? (await readDomain(tx, organizationId, domain));
        const proven = verified && claim.verifiedAt === null;
        const stored = proven ? await markVerified(tx, organizationId, domain) : claim;
        return { stored, changed: added !== undefined || proven };
      });
      const { stored, changed } = result;
      const state = stored.verifiedAt === null ? 'not verified yet' : 'verified';
      await appendEntry(tx, {
        ...attempt,
        status: changed ? 'SUCCESS' : 'SKIPPED',
        message: changed
          ? `Added the domain ${domain}, ${state}.${syncConsequence(before, after)}`
          : `The domain ${domain} was already added, ${state}.`,
        details: { verified: stored.verifiedAt !== null },
      });
      return stored;
    }),
  );
}

/**
 * Verifies a domain by the TXT record that `txtRecordOf` names.
 *
 * @param input.verified the platform admin vouches for it: no DNS look-up
 * @throws NotFoundError, DomainError `conflict` (`txt-record-missing`, `domain-verified-elsewhere`),
 *   `unavailable` (`dns-unavailable`)
 */
export async function verifyDomain(
  db: Database,
  input: DomainInput & { verified: boolean; resolveTxt: ResolveTxt },
): Promise<Domain> {
  const { organizationId, cause, verified, resolveTxt } = input;
  const domain = normaliseDomain(input.domain);
  await getOrganization(db, organizationId);
  const claim = await readDomain(db, organizationId, domain, input.domain);
  const attempt = entryOf('VERIFY_DOMAIN', { organizationId, domain, cause });
  return recordRefusal(db, attempt, async () => {
    // The network is asked before the transaction, never inside it.
    if (!verified && claim.verifiedAt === null) await requirePublished(claim, resolveTxt);
    return db.transaction(async (tx) => {
      const { result, before, after } = await changeDirectorySettings(tx, { organizationId, cause }, async () => {
        const current = await readDomain(tx, organizationId, domain);
        if (current.verifiedAt !== null) return { stored: current, changed: false };
        return { stored: await markVerified(tx, organizationId, domain), changed: true };
      });
      await appendEntry(tx, {
        ...attempt,
        status: result.changed ? 'SUCCESS' : 'SKIPPED',
        message: result.changed
          ? `Verified the domain ${domain}${verified ? ' on the word of the platform admin' : ' by its TXT record'}.${syncConsequence(before, after)}`
          : `The domain ${domain} was already verified.`,
        details: { by: verified ? 'platform-admin' : 'dns' },
      });
      return result.stored;
    });
  });
}

/**
 * Removes a claim. Without any verified domain directory sync pauses.
 *
 * @throws NotFoundError
 */
export async function removeDomain(db: Database, input: DomainInput): Promise<void> {
  const { organizationId, cause } = input;
  const domain = normaliseDomain(input.domain);
  await db.transaction(async (tx) => {
    const { before, after } = await changeDirectorySettings(tx, { organizationId, cause }, async () => {
      const removed = await tx.query(sql`
        DELETE FROM domains WHERE organization_id = ${organizationId}::uuid AND domain = ${domain} RETURNING domain`);
      if (removed.length === 0) throw new NotFoundError('domain', input.domain);
    });
    await appendEntry(tx, {
      ...entryOf('REMOVE_DOMAIN', { organizationId, domain, cause }),
      status: 'SUCCESS',
      message: `Removed the domain ${domain}.${syncConsequence(before, after)}`,
    });
  });
}

/** In alphabetical order; the name is the cursor, in base64url. */
export async function listDomains(
  db: Queryable,
  { organizationId, limit, cursor }: PageRequest & { organizationId: string },
): Promise<Page<Domain>> {
  const after = cursor === undefined ? null : Buffer.from(cursor, 'base64url').toString().replaceAll('\0', '');
  const rows = await db.query<Domain>(sql`
    SELECT ${columns} FROM domains
    WHERE organization_id = ${organizationId}::uuid ${after === null ? empty : sql`AND domain > ${after}`}
    ORDER BY domain LIMIT ${limit + 1}`);
  const items = rows.slice(0, limit);
  const last = rows.length > limit ? items.at(-1) : undefined;
  return { items, nextCursor: last === undefined ? null : Buffer.from(last.domain).toString('base64url') };
}

/** Whether an address is under a domain that this organization proved to own. The exact domain, no subdomains. */
export async function isVerifiedDomain(db: Queryable, organizationId: string, domain: string): Promise<boolean> {
  const rows = await db.query(sql`
    SELECT FROM domains
    WHERE organization_id = ${organizationId}::uuid AND domain = ${normaliseDomain(domain)} AND verified_at IS NOT NULL`);
  return rows.length > 0;
}

async function readDomain(db: Queryable, organizationId: string, domain: string, asSent = domain): Promise<Domain> {
  const [claim] = await db.query<Domain>(sql`
    SELECT ${columns} FROM domains WHERE organization_id = ${organizationId}::uuid AND domain = ${domain}`);
  if (claim === undefined) throw new NotFoundError('domain', asSent);
  return claim;
}

/** Many may claim a domain, one can prove it: the unique index decides. */
async function markVerified(tx: Transaction, organizationId: string, domain: string): Promise<Domain> {
  try {
    const [claim] = await tx.query<Domain>(sql`
      UPDATE domains SET verified_at = now()
      WHERE organization_id = ${organizationId}::uuid AND domain = ${domain}
      RETURNING ${columns}`);
    if (claim === undefined) throw new NotFoundError('domain', domain);
    return claim;
  } catch (error) {
    if (uniqueViolation(error) !== 'domains_verified_once') throw error;
    throw new DomainError(
      'conflict',
      'domain-verified-elsewhere',
      `The domain ${domain} is verified by another organization. It has to be removed there first; ask support if that is not yours.`,
    );
  }
}

async function requirePublished(claim: Domain, resolveTxt: ResolveTxt): Promise<void> {
  const record = txtRecordOf(claim);
  const values = await publishedTokens(record.name, resolveTxt);
  if (values.includes(record.value)) return;
  throw new DomainError(
    'conflict',
    'txt-record-missing',
    `The DNS has no TXT record ${record.name} with the value ${record.value} yet. ` +
      'Publish it, wait until it is visible (up to an hour), then verify again.',
    { txtRecord: record },
  );
}

function entryOf<Action extends 'ADD_DOMAIN' | 'VERIFY_DOMAIN' | 'REMOVE_DOMAIN'>(
  action: Action,
  { organizationId, domain, cause }: DomainInput,
) {
  return { organizationId, action, resource: { type: 'Domain', id: domain, name: domain }, cause } as const;
}
