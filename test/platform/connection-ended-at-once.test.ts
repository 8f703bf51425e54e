import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import sql from 'sql-template-tag';
import { expect, test } from 'vitest';
import { isDatabaseAway } from '../../src/platform/database-errors.ts';
import { openDatabase } from '../../src/platform/database.ts';

/** A message of Postgres' protocol: type, length, content. */
function message(type: string, content: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(content.length + 4);
  return Buffer.concat([Buffer.from(type), length, content]);
}

const authenticationOk = message('R', Buffer.from([0, 0, 0, 0]));
const readyForQuery = message('Z', Buffer.from('I'));
const terminated = message('E', Buffer.from('SFATAL\0VFATAL\0C57P01\0Mterminating connection\0\0'));

test('a server that ends a session in the moment it has opened it fails the statement, and not the process', async () => {
  // What a client that is busy finds in one piece when the session was ended by an administrator, or by a shutdown.
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(Buffer.concat([authenticationOk, readyForQuery, terminated])));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const db = openDatabase({
    url: `postgres://user@127.0.0.1:${(server.address() as AddressInfo).port}/database`,
    maxConnections: 2,
    applicationName: 'test',
    onIdleError: () => undefined,
  });
  try {
    // The test would also fail by an error that nobody caught.
    for (let query = 0; query < 20; query += 1) {
      const failure: unknown = await db.query(sql`SELECT 1`).catch((error: unknown) => error);
      expect(isDatabaseAway(failure)).toBe(true);
    }
  } finally {
    await db.close();
    server.close();
  }
});
