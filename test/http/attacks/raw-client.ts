import { openWire, type WireAnswer } from '../../fuzz/exchange.ts';

/** Sends requests exactly as they are written; `fetch` would tidy up paths and headers. */
export interface RawClient {
  /** @param request with the whole path */
  send(request: {
    method: string;
    path: string;
    headers?: Record<string, string>;
    body?: Buffer | string;
  }): Promise<WireAnswer>;
  close(): void;
}

export function openRawClient(url: string): RawClient {
  const wire = openWire({ timeoutMs: 10_000 });
  const { hostname, port } = new URL(url);
  return {
    send: ({ method, path, headers = {}, body }) =>
      wire.exchange(
        { hostname, port, pathname: '' },
        { method, path, headers, toForeign: false, ...(body !== undefined && { body: Buffer.from(body) }) },
      ),
    close: () => wire.close(),
  };
}
