import { DomainError } from '../platform/errors.ts';

/** Looks TXT records up; `resolveTxt` of node:dns/promises outside of tests. */
export type ResolveTxt = (name: string) => Promise<string[][]>;

/** A resolver that does not answer would keep an admin's request open; DNS answers in well under a second. */
const lookupTimeoutMs = 5_000;

/** The record that proves a domain. A label of its own leaves the records of the domain itself alone. */
export function txtRecordOf(claim: { domain: string; verificationToken: string }) {
  return {
    type: 'TXT',
    name: `_rollcall-challenge.${claim.domain}`,
    value: `rollcall-verification=${claim.verificationToken}`,
  } as const;
}

/**
 * The values of the TXT records of `name`; none published: [].
 *
 * @throws DomainError `unavailable` (`dns-unavailable`) when the DNS gives no answer
 */
export async function publishedTokens(name: string, resolveTxt: ResolveTxt): Promise<string[]> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), lookupTimeoutMs);
  });
  try {
    const records = await Promise.race([resolveTxt(name), tooLate]);
    // A long record arrives in chunks of 255 bytes (RFC 1035 section 3.3.14).
    return records.map((chunks) => chunks.join('').trim());
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOTFOUND' || code === 'ENODATA') return [];
    throw new DomainError(
      'unavailable',
      'dns-unavailable',
      `The DNS could not be asked for ${name}. Nothing is wrong on your side as far as we know; try again in a minute.`,
    );
  } finally {
    clearTimeout(timer);
  }
}
