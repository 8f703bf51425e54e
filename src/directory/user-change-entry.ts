import type { SyncLogAction } from '../contract/sync-log.ts';

/** What the log says of a change of one user. @param changed names of the attributes that change */
export function userChangeWords(
  wasActive: boolean,
  isActive: boolean,
  changed: readonly string[],
): { action: SyncLogAction; message: string } {
  if (wasActive && !isActive) return { action: 'DEACTIVATE', message: 'User deactivated: access ended at once.' };
  if (!wasActive && isActive) {
    return {
      action: 'REACTIVATE',
      message: 'User reactivated: access follows the groups and mappings as they are now.',
    };
  }
  return { action: 'UPDATE', message: changed.length > 0 ? `Changed ${changed.join(', ')}.` : 'User updated.' };
}
