import { Agent, request as httpRequest } from 'node:http';
import type { WireRequest } from './mutate-request.ts';

export interface WireAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** Sends requests exactly as they are; `fetch` would tidy up paths and headers. */
export interface Wire {
  /** @throws Error when there is no answer in time, or none at all */
  exchange(baseUrl: Pick<URL, 'hostname' | 'port' | 'pathname'>, request: WireRequest): Promise<WireAnswer>;
  close(): void;
}

export function openWire({ timeoutMs }: { timeoutMs: number }): Wire {
  const agent = new Agent({ keepAlive: true });
  return {
    exchange: (baseUrl, { method, path, headers, body }) =>
      new Promise((resolve, reject) => {
        const outgoing = httpRequest({
          agent,
          host: baseUrl.hostname,
          port: baseUrl.port,
          method,
          path: baseUrl.pathname + path,
          headers: { ...headers, ...(body === undefined ? {} : { 'content-length': body.length }) },
        });
        const hung = setTimeout(() => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
        const settle = <T>(end: (result: T) => void, result: T): void => {
          clearTimeout(hung);
          end(result);
        };
        outgoing.on('error', (error) => settle(reject, error));
        outgoing.on('response', (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', (error) => settle(reject, error));
          incoming.on('end', () => {
            const { statusCode = 0, headers: received } = incoming;
            settle(resolve, { status: statusCode, headers: received, text: Buffer.concat(chunks).toString('utf8') });
          });
        });
        outgoing.end(body);
      }),
    close: () => agent.destroy(),
  };
}
