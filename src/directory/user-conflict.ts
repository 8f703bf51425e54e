import { uniqueViolation } from '../platform/database.ts';
import { AlreadyInUseError } from './directory-errors.ts';

/**
 * Runs a write of a user and turns the violation of a unique index into the answer of RFC 7644 section 3.3.
 * Uniqueness is a constraint, never a read before the write: of two simultaneous writers exactly one wins.
 */
export async function mapUserConflict<T>(write: Promise<T>): Promise<T> {
  try {
    return await write;
  } catch (error) {
    const constraint = uniqueViolation(error);
    if (constraint === 'users_user_name') throw new AlreadyInUseError('userName');
    // In an organization whose login names are addresses the email *is* the userName: both conflicts read the same.
    if (constraint === 'users_email') throw new AlreadyInUseError('userName');
    throw error;
  }
}
