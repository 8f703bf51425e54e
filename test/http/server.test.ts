import { connect, createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { openServer, type HttpServer } from '../../src/http/server.ts';
import { StartupError } from '../../src/platform/startup-error.ts';

const open = (): Promise<HttpServer> => openServer({ host: '127.0.0.1', port: 0, portVariable: 'PORT' });

test('until the service is there, the process is alive but not ready', async () => {
  const server = await open();
  const url = `http://127.0.0.1:${server.port}`;
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  const answer = await fetch(`${url}/readyz`);
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toBe('1');
  server.serve((_req, res) => res.end('service'));
  expect(await (await fetch(`${url}/readyz`)).text()).toBe('service');
  await server.close(1_000);
});

test('a taken port is refused by the name of its variable', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  const refused = openServer({ host: '127.0.0.1', port, portVariable: 'WORKER_PORT' });
  await expect(refused).rejects.toThrow(StartupError);
  await expect(refused).rejects.toThrow(`Port ${port} on 127.0.0.1 is taken`);
  await expect(refused).rejects.toThrow('WORKER_PORT');
  other.close();
});

test('an address of another machine is refused', async () => {
  await expect(openServer({ host: '192.0.2.1', port: 0, portVariable: 'PORT' })).rejects.toThrow(
    'HOST 192.0.2.1 is not an address of this machine.',
  );
});

test('closing lets a request in flight finish, and takes no other', async () => {
  const server = await open();
  const url = `http://127.0.0.1:${server.port}`;
  const { promise: arrived, resolve: arrive } = promiseOf<() => void>();
  server.serve((_req, res) => arrive(() => res.end('done')));
  const inFlight = fetch(url);
  const finish = await arrived;
  const closed = server.close(10_000);
  await expect(fetch(url)).rejects.toThrow('fetch failed');
  finish();
  expect(await (await inFlight).text()).toBe('done');
  await closed;
});

test('closing cuts off what is left at the deadline', async () => {
  const server = await open();
  const { promise: arrived, resolve: arrive } = promiseOf<undefined>();
  server.serve(() => arrive(undefined));
  const inFlight = fetch(`http://127.0.0.1:${server.port}`).then(
    () => 'answered',
    () => 'cut off',
  );
  await arrived;
  await server.close(100);
  expect(await inFlight).toBe('cut off');
});

function promiseOf<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolvePromise) => {
    resolve = resolvePromise;
  });
  return { promise, resolve };
}

/** Sends raw bytes and reads until the server closes. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (data) => (answer += data.toString()));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

test.each([
  {
    name: 'headers beyond the limit under the SCIM base',
    text: `GET /api/v1/scim/x/v2/Users?filter=${'a'.repeat(200_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
    status: 431,
    type: 'application/scim+json',
    body: /"status":"431".*\/\.search/,
  },
  {
    name: 'something that is no HTTP under the SCIM base',
    text: 'GET /api/v1/scim/x/v2/Users HTTP/9.9\r\n\r\n',
    status: 400,
    type: 'application/scim+json',
    body: /"status":"400"/,
  },
  {
    name: 'something that is no HTTP elsewhere',
    text: 'GET /api/v1/organizations HTTP/9.9\r\n\r\n',
    status: 400,
    type: 'application/problem+json',
    body: /"status":400/,
  },
])('$name is answered in the form of its place', async ({ text, status, type, body }) => {
  const server = await open();
  const answer = await raw(server.port, text);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(answer).toContain(`Content-Type: ${type}`);
  expect(answer).toMatch(body);
  await server.close(1_000);
});

test('an expectation that nobody knows is left aside', async () => {
  const server = await open();
  server.serve((_req, res) => res.end('served'));
  const answer = await raw(server.port, 'GET / HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nConnection: close\r\n\r\n');
  expect(answer).toMatch(/^HTTP\/1.1 200 /);
  await server.close(1_000);
});
