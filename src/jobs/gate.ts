import sql, { type Sql } from 'sql-template-tag';

/**
 * The gate between the workers of an organization and a change of its directory settings. Workers pass it together,
 * whoever changes the settings passes it alone, and both hold it to the end of their transaction.
 *
 * An advisory lock, because it queues fairly. The organization's row alone would do for correctness, but Postgres lets
 * new share-lockers of a row overtake one who waits to update it: with eight transactions of 100 ms overlapping, an
 * admin who wanted to leave SCIM waited 52 s (measured); behind this gate it is one transaction.
 */
function key(organizationId: string): Sql {
  return sql`hashtextextended(${`directory-sync ${organizationId}`}, 0)`;
}

/** For a worker: an expression that waits for whoever changes the settings. */
export function passGate(organizationId: string): Sql {
  return sql`pg_advisory_xact_lock_shared(${key(organizationId)})`;
}

/** For a change of the settings: an expression that waits for the workers at work, while new ones queue up behind. */
export function closeGate(organizationId: string): Sql {
  return sql`pg_advisory_xact_lock(${key(organizationId)})`;
}
