import { uniqueViolation } from '../platform/database-errors.ts';
import { AlreadyInUseError } from './directory-errors.ts';

/** What the two unique values of a user are called towards whoever sent them. */
export type ConflictNames = Readonly<Record<'userName' | 'email', 'userName' | 'email'>>;

/** Where login names are addresses the email *is* the userName, and both conflicts read the same. */
export function conflictNames(userNameFormat: 'email' | 'any'): ConflictNames {
  return { userName: 'userName', email: userNameFormat === 'any' ? 'email' : 'userName' };
}

/**
 * Runs a write of a user and turns the violation of a unique index into the answer of RFC 7644 section 3.3.
 * Uniqueness is a constraint, never a read before the write: of two simultaneous writers exactly one wins.
 *
 * @param remedy as of `AlreadyInUseError`
 */
export async function mapUserConflict<T>(names: ConflictNames, write: Promise<T>, remedy?: string): Promise<T> {
  try {
    return await write;
  } catch (error) {
    const constraint = uniqueViolation(error);
    if (constraint === 'users_user_name') throw new AlreadyInUseError(names.userName, remedy);
    if (constraint === 'users_email') throw new AlreadyInUseError(names.email, remedy);
    throw error;
  }
}
