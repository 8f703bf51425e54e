import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

describe('a network that', () => {
  let server: Server;
  let proxy: TcpProxy;
  const served = new Set<Socket>();
  const opened = new Set<Socket>();

  beforeEach(async () => {
    server = createServer({ allowHalfOpen: true }, (socket) => {
      served.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => served.delete(socket));
      socket.pipe(socket); // an echo
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    proxy = await startTcpProxy({ port: (server.address() as AddressInfo).port });
  });
  afterEach(async () => {
    for (const socket of [...opened, ...served]) socket.destroy();
    opened.clear();
    await proxy.close();
    server.close();
  });

  async function open(): Promise<Socket> {
    const socket = connect(proxy.port, '127.0.0.1');
    opened.add(socket);
    socket.setEncoding('utf8');
    await once(socket, 'connect');
    return socket;
  }

  async function echo(socket: Socket, text: string): Promise<string> {
    const answered = once(socket, 'data');
    socket.write(text);
    return String((await answered)[0]);
  }

  const silence = (socket: Socket, ms: number) =>
    Promise.race([
      sleep(ms, 'silent'),
      ...['data', 'error', 'end', 'close'].map((event) =>
        once(socket, event).then(
          () => event,
          () => 'error',
        ),
      ),
    ]);

  const end = async (socket: Socket): Promise<string> => {
    const error = once(socket, 'error').then(([found]) => (found as NodeJS.ErrnoException).code ?? '');
    return Promise.race([
      error,
      once(socket, 'close').then(
        () => 'closed',
        () => error,
      ),
    ]);
  };

  test('is well passes everything on, and that somebody hung up', async () => {
    const socket = await open();
    expect(await echo(socket, 'one')).toBe('one');
    expect(proxy.clients).toBe(1);
    const large = 'x'.repeat(5_000_000);
    let received = 0;
    socket.on('data', (text: string) => (received += text.length));
    socket.end(large);
    await once(socket, 'close');
    expect(received).toBe(large.length);
    await expect.poll(() => [proxy.clients, served.size]).toEqual([0, 0]);
  });

  test('refuses closes what is open and lets nobody in, until it is well', async () => {
    const socket = await open();
    await echo(socket, 'one');
    const ended = end(socket);
    await proxy.become('refuse');
    await ended;
    await expect(open()).rejects.toThrow('ECONNREFUSED');
    await expect.poll(() => served.size).toBe(0);
    await proxy.become('pass');
    expect(await echo(await open(), 'two')).toBe('two');
  });

  test('resets ends present and new connections in a reset', async () => {
    const socket = await open();
    await echo(socket, 'one');
    const ended = end(socket);
    await proxy.become('reset');
    expect(await ended).toBe('ECONNRESET');
    const next = connect(proxy.port, '127.0.0.1');
    opened.add(next);
    expect(await end(next)).toBe('ECONNRESET');
    await proxy.become('pass');
    expect(await echo(await open(), 'two')).toBe('two');
  });

  test('is a black hole is silent on present and new connections, and delivers when it is over', async () => {
    const socket = await open();
    await echo(socket, 'one');
    await proxy.become('blackhole');
    const answered = once(socket, 'data');
    socket.write('two');
    const next = await open();
    const answeredNext = once(next, 'data');
    next.write('three');
    const gone = await open();
    gone.write('four');
    gone.destroy();
    expect(await Promise.all([silence(socket, 300), silence(next, 300)])).toEqual(['silent', 'silent']);
    // That one hung up has not arrived either.
    expect(proxy.clients).toBe(3);
    await proxy.become('pass');
    expect([String((await answered)[0]), String((await answeredNext)[0])]).toEqual(['two', 'three']);
    await expect.poll(() => proxy.clients).toBe(2);
  });

  test('is half open loses the server without telling the client, who learns when it is over', async () => {
    const socket = await open();
    await echo(socket, 'one');
    const idle = await open();
    await echo(idle, 'one');
    await proxy.become('half-open');
    await expect.poll(() => served.size).toBe(0);
    socket.write('two');
    expect(await silence(socket, 300)).toBe('silent');
    const ended = end(socket);
    await proxy.become('pass');
    expect(await ended).toBe('ECONNRESET');
    // One that did not send anything learns when it does.
    const idleEnded = end(idle);
    expect(await silence(idle, 50)).toBe('silent');
    idle.write('three');
    expect(await idleEnded).toBe('ECONNRESET');
    expect(await echo(await open(), 'four')).toBe('four');
  });

  test('delays brings everything late by that much each way, in order', async () => {
    const socket = await open();
    await proxy.become({ delayMs: 150 });
    const startedAt = performance.now();
    let received = '';
    socket.on('data', (text: string) => (received += text));
    for (const letter of 'abc') {
      socket.write(letter);
      await sleep(5);
    }
    await expect.poll(() => received).toBe('abc');
    expect(performance.now() - startedAt).toBeGreaterThan(295);
  });
});
