import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerUnreadableRequests } from './unreadable-request.ts';
import { StartupError } from '../platform/startup-error.ts';

export interface HttpServer {
  /** The port it listens on, also where the system was asked to choose one. */
  readonly port: number;
  /** From now on requests go here; until then they are answered with 503. */
  serve(listener: RequestListener): void;
  /** Takes no more requests, lets those in flight finish, and cuts off what is left at the deadline. */
  close(deadlineMs: number): Promise<void>;
}

/**
 * Request line and headers. Providers put filters into the address; one that is far too long should still reach the
 * parser that says what is wrong with it, instead of an empty 431.
 */
const maxHeadBytes = 65_536;

const starting: RequestListener = (req, res) => {
  // The process lives; its dependencies are still to come.
  const alive = req.url === '/healthz';
  res.writeHead(alive ? 200 : 503, { 'Content-Type': 'application/json', ...(!alive && { 'Retry-After': '1' }) });
  const dependencies = { postgres: { status: 'starting' }, queue: { status: 'starting' } };
  res.end(JSON.stringify(alive ? { status: 'ok' } : { status: 'starting', dependencies }));
};

/**
 * Listens at once, before anything slow is started, so that a taken port is known within milliseconds.
 *
 * @param portVariable the environment variable that chose the port, for the message
 * @throws StartupError when the port is taken or the address is not ours
 */
export async function openServer(options: { host: string; port: number; portVariable: string }): Promise<HttpServer> {
  const { host, port, portVariable } = options;
  let current = starting;
  let isClosing = false;
  const inFlight = new Set<ServerResponse>();
  const server = createServer({ connectionsCheckingInterval: 5_000, maxHeaderSize: maxHeadBytes }, (req, res) => {
    inFlight.add(res);
    res.once('close', () => inFlight.delete(res));
    if (isClosing) endConnectionAfter(res);
    current(req, res);
  });
  answerUnreadableRequests(server);
  // We ask for nothing with `Expect`, so what a client expects beyond the standard is left aside (RFC 9110 10.1.1).
  server.on('checkExpectation', (req, res) => current(req, res));
  // A client that sends a byte a second is cut off within 30 s, the checking interval included.
  server.headersTimeout = 10_000;
  server.requestTimeout = 25_000;
  // A client that neither takes nor gives a byte for so long, in the middle of an answer, is gone.
  server.timeout = 60_000;
  // Far more than a proxy opens, and what a process of ours can bear; the next one waits outside.
  server.maxConnections = 10_000;
  // Longer than the minute that load balancers keep idle connections, so that it is they who close them.
  server.keepAliveTimeout = 65_000;

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, host, port, portVariable)));
    server.listen(port, host, resolve);
  });

  return {
    port: (server.address() as AddressInfo).port,
    serve: (listener) => {
      current = listener;
    },
    close: async (deadlineMs) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const deadline = Date.now() + deadlineMs;
      isClosing = true;
      for (const res of inFlight) endConnectionAfter(res);
      while (Date.now() < deadline) {
        // A kept-alive connection becomes idle when its last answer is out.
        server.closeIdleConnections();
        if (await Promise.race([closed.then(() => true), sleep(50, false)])) return;
      }
      server.closeAllConnections();
      await closed;
    },
  };
}

/** So that a client on a kept-alive connection sends its next request to another process. */
function endConnectionAfter(res: ServerResponse): void {
  if (!res.headersSent) res.setHeader('Connection', 'close');
}

function explain(error: NodeJS.ErrnoException, host: string, port: number, variable: string): StartupError {
  switch (error.code) {
    case 'EADDRINUSE':
      return new StartupError(
        `Port ${port} on ${host} is taken: stop what listens there, or set ${variable} to another port.`,
      );
    case 'EACCES':
      return new StartupError(`Port ${port} may not be used by this user: set ${variable} to a port above 1023.`);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new StartupError(`HOST ${host} is not an address of this machine.`);
    default:
      return new StartupError(
        `Cannot listen on ${host}:${port} (${error.code ?? error.message}): see HOST and ${variable}.`,
      );
  }
}
