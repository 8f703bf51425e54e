import { ScimError } from '../../src/scim/scim-error.ts';

/** The SCIM error that an action throws; anything else it does fails the test. */
export function refusal(action: () => unknown): ScimError {
  try {
    action();
  } catch (error) {
    if (error instanceof ScimError) return error;
    throw error;
  }
  throw new Error('expected a ScimError, but nothing was thrown');
}
