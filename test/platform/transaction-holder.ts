import { once } from 'node:events';
import sql from 'sql-template-tag';
import { openDatabase } from '../../src/platform/database.ts';

/**
 * A process to be stopped in the middle of a transaction: it locks every organization, says so on standard output, and
 * after a word on standard input goes on. Then it says whether that was committed. Argument: database URL.
 */
const [url = ''] = process.argv.slice(2);
const db = openDatabase({ url, maxConnections: 1, applicationName: 'holder', onIdleError: () => undefined });
const outcome = await db
  .transaction(async (tx) => {
    await tx.query(sql`SELECT FROM organizations FOR UPDATE`);
    process.stdout.write('holding\n');
    await once(process.stdin, 'data');
    await tx.query(sql`UPDATE organizations SET name = 'of the holder'`);
  })
  .then(
    () => 'committed',
    () => 'refused',
  );
process.stdout.write(`${outcome}\n`);
process.exit();
