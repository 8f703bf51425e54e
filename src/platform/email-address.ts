/** RFC 5321 section 4.5.3.1: a path is at most 256 octets, its angle brackets included. */
const maxEmailLength = 254;
const maxLocalPartLength = 64;

const localPart = /^[^\s@"(),:;<>[\\\]]+$/u;
const label = '[\\p{L}\\p{N}](?:[\\p{L}\\p{N}-]{0,61}[\\p{L}\\p{N}])?';
const domainName = new RegExp(`^${label}(?:\\.${label})+$`, 'u');

/**
 * Whether text can be a person's address: `local@domain.tld`, letters of any script (RFC 6531), no quoted local part,
 * no address literal. Deliverability is not ours to judge.
 */
export function isEmailAddress(text: string): boolean {
  if (text.length > maxEmailLength) return false;
  const at = text.lastIndexOf('@');
  const local = text.slice(0, Math.max(at, 0));
  if (local.length === 0 || local.length > maxLocalPartLength) return false;
  if (local.startsWith('.') || local.endsWith('.') || local.includes('..')) return false;
  return localPart.test(local) && domainName.test(text.slice(at + 1));
}
