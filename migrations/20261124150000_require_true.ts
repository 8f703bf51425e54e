import type { Knex } from 'knex';

/**
 * A condition that has to hold for whatever follows it in the same transaction, sent ahead of a statement in the same
 * round trip: the statement behind it is not run where it raises. `RC001` is ours, a class that Postgres does not use.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE FUNCTION require_true(condition boolean) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
    BEGIN
      IF condition IS NOT TRUE THEN
        RAISE EXCEPTION 'a condition of this request does not hold any more' USING ERRCODE = 'RC001';
      END IF;
    END
    $$`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP FUNCTION require_true(boolean)');
}
