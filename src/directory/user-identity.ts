import { InvalidAttributeError } from './directory-errors.ts';

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

/** Postgres' index rows end near 2,700 bytes; a login name is far shorter. */
const maxUserNameLength = 500;

export interface IdentityInput {
  userNameFormat: 'email' | 'any';
  userName: string;
  /** The values of the attribute `emails`, as normalised by `scim/`. */
  emails: readonly { value?: unknown; primary?: unknown }[];
}

/**
 * The user's email under the organization's rule: the userName itself, or with `any` the primary, else the first of
 * `emails`, or null when there is none.
 *
 * @throws InvalidAttributeError when the userName is too long, or when what has to be an address is not one
 */
export function emailOf({ userNameFormat, userName, emails }: IdentityInput): string | null {
  if (userName.length > maxUserNameLength) {
    throw new InvalidAttributeError('userName', `userName must be at most ${maxUserNameLength} characters long.`);
  }
  if (userNameFormat === 'email') {
    if (isEmailAddress(userName)) return userName;
    throw new InvalidAttributeError(
      'userName',
      `userName must be the user's email address, but "${userName}" is not one. ` +
        'Map userName to the email address in the identity provider, or ask for the organization to be set to userNameFormat "any".',
    );
  }
  const primary = emails.find((email) => email.primary === true) ?? emails[0];
  if (primary === undefined || typeof primary.value !== 'string') return null;
  if (isEmailAddress(primary.value)) return primary.value;
  throw new InvalidAttributeError('emails', `emails must hold valid addresses, but "${primary.value}" is not one.`);
}
