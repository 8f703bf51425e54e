/** What the bench reads of a contender's state after a round, whatever its tables look like, and puts back. */
export interface Store {
  /** Entries of the log that requests have left in an organization so far; null where no log is kept. */
  entries(organizationId: string): Promise<number | null>;
  /**
   * Waits until what follows from the writes so far is done, or takes note of it and clears it away where nobody works
   * it.
   *
   * @returns for how many users access was or would be computed anew since the last call
   */
  settle(organizationId: string): Promise<number>;
  userCount(organizationId: string): Promise<number>;
  groupCount(organizationId: string): Promise<number>;
  /** How many of these users are active. */
  activeAmong(organizationId: string, userIds: readonly string[]): Promise<number>;
  setAllActive(organizationId: string): Promise<void>;
  memberCount(organizationId: string, groupId: string): Promise<number>;
  membersAmong(organizationId: string, groupId: string, userIds: readonly string[]): Promise<number>;
  /** Behind the service's back, to have the group as it was before the round. */
  removeMembers(organizationId: string, groupIds: readonly string[], userIds: readonly string[]): Promise<void>;
  close(): Promise<void>;
}
