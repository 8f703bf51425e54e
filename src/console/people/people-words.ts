import type { UserAnswer } from '../../contract/users.ts';

/** How a person came in, and with that who answers for them, in the words of the console. */
export const originWords: Readonly<Record<UserAnswer['managedBy'], string>> = {
  directory: 'Directory',
  manual: 'Invitation',
  jit: 'Sign-in',
};

export const managedByWords: Readonly<Record<UserAnswer['managedBy'], string>> = {
  directory: 'Managed by the identity provider',
  manual: 'Invited by an admin',
  jit: 'Came by signing in',
};
