import type { Cause } from '../sync-log/append.ts';

/** On whose behalf a directory operation runs: the organization of the token, never one that a payload names. */
export interface DirectoryCaller {
  organizationId: string;
  /** `email`: userName is the user's email address. `any`: userName is any unique text. */
  userNameFormat: 'email' | 'any';
  cause: Cause;
  /** Of the one entry that the operation leaves, made beforehand; left out: a new one. */
  entryId?: string | undefined;
}
