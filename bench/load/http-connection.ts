import { connect, type Socket } from 'node:net';
import { bodyOf, type BodyReader } from './http-body.ts';

export interface Answer {
  status: number;
  body: Buffer;
}

const headEnd = Buffer.from('\r\n\r\n');

/**
 * One kept-alive HTTP/1.1 connection with one request at a time: no more than it takes to ask and to read an answer, so
 * that the load generator is not what is measured. (node:http costs several times as much on this side.)
 */
export class HttpConnection {
  readonly #socket: Socket;
  readonly #headers: string;
  #head: Buffer | undefined;
  #status = 0;
  #body: BodyReader | undefined;
  #resolve: ((answer: Answer) => void) | undefined;
  #reject: ((error: Error) => void) | undefined;
  #method = '';
  closed = false;

  private constructor(socket: Socket, headers: string) {
    this.#socket = socket;
    this.#headers = headers;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', (error) => this.#end(error));
    socket.on('close', () => this.#end(new Error('the server closed the connection')));
  }

  static open(host: string, port: number): Promise<HttpConnection> {
    const headers = `Host: ${host}:${port}\r\nContent-Type: application/scim+json\r\n`;
    return new Promise((resolve, reject) => {
      const socket = connect(port, host, () => resolve(new HttpConnection(socket, headers)));
      socket.once('error', reject);
    });
  }

  send(method: string, path: string, token: string, body: string | undefined): Promise<Answer> {
    if (this.closed) return Promise.reject(new Error('the connection is closed'));
    this.#method = method;
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      const length = body === undefined ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`;
      const headers = `${this.#headers}Authorization: Bearer ${token}\r\n${length}`;
      this.#socket.write(`${method} ${path} HTTP/1.1\r\n${headers}\r\n${body ?? ''}`);
    });
  }

  close(): void {
    this.closed = true;
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    let rest = chunk;
    if (this.#body === undefined) {
      this.#head = this.#head === undefined ? chunk : Buffer.concat([this.#head, chunk]);
      const end = this.#head.indexOf(headEnd);
      if (end === -1) return;
      const head = this.#head.toString('latin1', 0, end);
      rest = this.#head.subarray(end + headEnd.length);
      this.#head = undefined;
      this.#status = Number(head.slice(9, 12));
      this.#body = bodyOf(head, this.#status, this.#method);
    }
    const body = this.#body.read(rest);
    if (body === undefined) return;
    this.#body = undefined;
    const resolve = this.#resolve;
    this.#resolve = this.#reject = undefined;
    resolve?.({ status: this.#status, body });
  }

  #end(error: Error): void {
    this.closed = true;
    this.#reject?.(error);
    this.#resolve = this.#reject = undefined;
  }
}
