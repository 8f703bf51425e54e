import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { frontendStatements } from './frontend-statements.ts';

/** Where a connection is cut, by what passes over it: a statement on its way to the server, by text or by the name that it is kept under. */
export interface Cut {
  /** Part of the statement's text, or of its values. */
  statement: string;
  /**
   * `before`: the server never gets it. `after`: the server has done it, but its answer is lost. `during`: the server is
   * at it, and goes on, when the client loses the connection.
   */
  when: 'before' | 'during' | 'after';
}

export interface PostgresProxy {
  /** The database's URL by way of the proxy. */
  readonly url: string;
  /** Cuts the next connection over which that statement goes. @returns resolves when it was cut */
  cutAt(cut: Cut): Promise<void>;
  /** While true, what the client sends disappears, and so do new connections. */
  blackhole: boolean;
  /** While true, connections are reset at once. */
  refusing: boolean;
  close(): Promise<void>;
}

/** ReadyForQuery outside of a transaction: whatever was sent is committed or rolled back. */
const readyIdle = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

/** A TCP proxy in front of the server that knows just enough of its protocol to cut at an exact point. */
export async function startPostgresProxy(databaseUrl: string): Promise<PostgresProxy> {
  const target = new URL(databaseUrl);
  let armed: { cut: Cut; done: () => void } | undefined;
  const sockets = new Set<Socket>();
  const state = { blackhole: false, refusing: false };

  const server = createServer((client) => {
    if (state.refusing) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(Number(target.port), target.hostname);
    let cutting: { cut: Cut; done: () => void } | undefined;
    const statementsIn = frontendStatements();
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined); // cuts are what this is for
      socket.once('close', () => sockets.delete(socket));
    }
    client.on('data', (data) => {
      if (state.blackhole || cutting !== undefined) return;
      const asked = statementsIn(data);
      const { statement } = armed?.cut ?? {};
      if (armed !== undefined && statement !== undefined && asked.some((text) => text.includes(statement))) {
        cutting = armed;
        armed = undefined;
        if (cutting.cut.when === 'before') {
          upstream.destroy();
        } else {
          upstream.write(data);
          if (cutting.cut.when === 'after') return;
        }
        client.resetAndDestroy();
        cutting.done();
        return;
      }
      upstream.write(data);
    });
    upstream.on('data', (data) => {
      if (state.blackhole) return;
      if (cutting === undefined) client.write(data);
      else if (cutting.cut.when === 'after' && data.includes(readyIdle)) {
        client.resetAndDestroy();
        upstream.end();
        cutting.done();
      }
    });
    // A backend that is still at work must not notice: that is the case that is tested.
    client.once('close', () => {
      if (cutting === undefined) upstream.end();
    });
    upstream.once('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);

  return Object.assign(state, {
    url: url.href,
    cutAt: (cut: Cut) => new Promise<void>((done) => (armed = { cut, done })),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
