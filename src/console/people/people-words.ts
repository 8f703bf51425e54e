import type { UserAnswer } from '../../contract/users.ts';

/** Who answers for a person, in the words of the console. */
export const originWords: Readonly<Record<UserAnswer['managedBy'], string>> = {
  directory: 'Directory',
  manual: 'Invited',
  jit: 'Signed in',
};
