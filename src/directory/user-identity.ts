import { isEmailAddress } from '../platform/email-address.ts';
import { InvalidAttributeError } from './directory-errors.ts';
import { maxIndexedLength } from './external-id.ts';

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
  if (userName.length > maxIndexedLength) {
    throw new InvalidAttributeError('userName', `userName must be at most ${maxIndexedLength} characters long.`);
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
