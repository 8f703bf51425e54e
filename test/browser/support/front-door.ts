import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface FrontDoor {
  readonly url: string;
  /** From now on nobody gets in: connections are cut, new ones refused, as when the service is gone. */
  close(): Promise<void>;
  /** As before, at the same address. */
  open(): Promise<void>;
}

/** An address that leads to the service, and can be shut while the service itself keeps running. */
export async function openFrontDoor(servicePort: number): Promise<FrontDoor> {
  const sockets = new Set<Socket>();
  let port = 0;
  const server = createServer((client) => {
    const service = connect(servicePort, '127.0.0.1');
    for (const socket of [client, service]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        service.destroy();
      });
    }
    client.pipe(service).pipe(client);
  });
  const open = async (): Promise<void> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  };
  await open();
  return {
    url: `http://127.0.0.1:${port}`,
    open,
    close: async () => {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
