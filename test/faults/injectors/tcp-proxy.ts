import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from '../../support/free-port.ts';

/**
 * What the network between a client and its server does.
 *
 * - `pass`: what a network should.
 * - `refuse`: nothing listens; what was open is closed.
 * - `reset`: every connection, present and new, ends in a reset.
 * - `blackhole`: nothing arrives anywhere, not even that somebody hung up. What was sent stays on its way and arrives
 *   when the fault is over, as TCP's retransmissions would.
 * - `half-open`: the server has lost its connections, and the client does not know: what it sends is swallowed, and
 *   answered with a reset once the fault is over, as a retransmission would be. New connections fare alike.
 * - `delay`: everything arrives late by `delayMs`, in both directions.
 */
export type Network = 'pass' | 'refuse' | 'reset' | 'blackhole' | 'half-open' | { delayMs: number };

export interface TcpProxy {
  readonly port: number;
  /** `url` with this proxy's address in place of the server's. */
  through(url: string): string;
  /** Resolves when the network behaves so, for present connections too. */
  become(network: Network): Promise<void>;
  /** Connections that a client holds at the moment. */
  readonly clients: number;
  close(): Promise<void>;
}

interface Link {
  client: Socket;
  server: Socket;
  /** The server's side was lost while the client could not notice. */
  isStale: boolean;
  /** The client waits for an answer that cannot come. */
  hasSwallowed: boolean;
}

/**
 * A network that misbehaves on demand, in user space: no privileges, no tool. It relays TCP on the loopback interface
 * from a port of its own to that of a server.
 */
export async function startTcpProxy(target: { port: number; host?: string }): Promise<TcpProxy> {
  const links = new Set<Link>();
  let network: Network = 'pass';
  const port = await freePort(); // again after an outage
  let listener: Server | null = await listen();

  async function listen(): Promise<Server> {
    // Half-closed connections stay so: who hangs up one direction is passed on like everything else.
    const server = createServer({ allowHalfOpen: true }, accept);
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return server;
  }

  function accept(client: Socket): void {
    if (network === 'reset') {
      client.on('error', () => undefined);
      client.resetAndDestroy();
      return;
    }
    const server = connect({ host: target.host ?? '127.0.0.1', port: target.port, allowHalfOpen: true });
    const link: Link = { client, server, isStale: false, hasSwallowed: false };
    links.add(link);
    relay(link, client, server);
    relay(link, server, client);
    client.once('close', () => links.delete(link));
    impose(link);
  }

  /** Passes on what `from` sends, in order, and that it hung up. */
  function relay(link: Link, from: Socket, to: Socket): void {
    from.setNoDelay(true);
    let waiting = 0;
    const deliver = (work: () => void): void => {
      if (typeof network !== 'object' && waiting === 0) {
        work();
        return;
      }
      waiting += 1;
      const delayMs = typeof network === 'object' ? network.delayMs : 0;
      setTimeout(() => {
        waiting -= 1;
        work();
      }, delayMs);
    };
    from.on('data', (chunk) => {
      if (link.isStale) {
        link.hasSwallowed = true;
        impose(link);
        return;
      }
      deliver(() => {
        if (to.destroyed || to.write(chunk)) return;
        from.pause();
        to.once('drain', () => {
          if (network !== 'blackhole') from.resume();
        });
      });
    });
    from.once('end', () => {
      if (link.isStale) from.destroy();
      else deliver(() => to.end());
    });
    from.on('error', () => {
      if (!link.isStale) deliver(() => to.resetAndDestroy());
    });
    from.once('close', (hadError) => {
      if (!hadError && !link.isStale && from.readableEnded) return; // has been passed on as 'end'
      if (!link.isStale) deliver(() => to.destroy());
    });
  }

  /** Brings one connection into the state that the network has now. */
  function impose(link: Link): void {
    const { client, server } = link;
    if (network === 'refuse') {
      client.destroy();
      server.destroy();
    } else if (network === 'reset') {
      client.resetAndDestroy();
      server.resetAndDestroy();
    } else if (network === 'half-open') {
      if (link.isStale) return;
      link.isStale = true;
      server.resetAndDestroy();
    } else if (network === 'blackhole') {
      client.pause();
      server.pause();
    } else if (link.isStale) {
      // A server that came back without memory of this connection answers so, to whoever sends something.
      if (link.hasSwallowed) client.resetAndDestroy();
    } else {
      client.resume();
      server.resume();
    }
  }

  async function stopListening(): Promise<void> {
    if (listener === null) return;
    const stopped = listener;
    listener = null;
    const closed = once(stopped, 'close');
    stopped.close();
    for (const { client, server } of links) {
      client.destroy();
      server.destroy();
    }
    await closed;
  }

  return {
    port,
    through(url) {
      const moved = new URL(url);
      moved.hostname = '127.0.0.1';
      moved.port = `${port}`;
      return moved.href;
    },
    async become(next) {
      network = next;
      for (const link of links) impose(link);
      if (next === 'refuse') await stopListening();
      else listener ??= await listen();
    },
    get clients() {
      return links.size;
    },
    close: stopListening,
  };
}
