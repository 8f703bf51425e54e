import { request as httpRequest, Agent as HttpAgent } from 'node:http';
import { request as httpsRequest, Agent as HttpsAgent } from 'node:https';

interface WireRequest {
  method: string;
  /** Absolute, and already percent-encoded. */
  url: string;
  headers: Record<string, string>;
  body?: string;
}

export interface WireResponse {
  status: number;
  /** By lower-case name; repeated headers are joined by a comma. */
  headers: Record<string, string>;
  text: string;
}

export interface Connection {
  exchange(request: WireRequest): Promise<WireResponse>;
  close(): void;
}

/** A play must not hang on a server that never answers; identity providers give up after 60 s. */
const answerTimeoutMs = 60_000;

/**
 * Sends requests exactly as written. `fetch` would not do: it normalises dot segments in paths, adds an Accept header
 * and a content type of its own, and refuses a body on GET.
 */
export function openConnection(): Connection {
  const agents = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) };

  return {
    exchange({ method, url, headers, body }) {
      const [, scheme, authority = '', path = ''] = /^(https?):\/\/([^/?#]*)([^#]*)/.exec(url) ?? [];
      if (scheme === undefined) return Promise.reject(new Error(`${url} is not an http address`));
      const { hostname, port } = new URL(`${scheme}://${authority}`);
      const target = path.startsWith('/') ? path : `/${path}`;
      const options = {
        method,
        host: hostname.replaceAll(/[[\]]/g, ''),
        ...(port === '' ? {} : { port }),
        path: target,
        headers: {
          Host: authority,
          ...headers,
          ...(body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }),
        },
        timeout: answerTimeoutMs,
      };
      return new Promise((resolve, reject) => {
        const outgoing =
          scheme === 'https'
            ? httpsRequest({ ...options, agent: agents.https })
            : httpRequest({ ...options, agent: agents.http });
        outgoing.on('error', reject);
        outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${answerTimeoutMs / 1000} s`)));
        outgoing.on('response', (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', reject);
          incoming.on('end', () => {
            resolve({
              status: incoming.statusCode ?? 0,
              headers: Object.fromEntries(
                Object.entries(incoming.headers).map(([name, value]) => [
                  name,
                  Array.isArray(value) ? value.join(', ') : (value ?? ''),
                ]),
              ),
              text: Buffer.concat(chunks).toString('utf8'),
            });
          });
        });
        outgoing.end(body);
      });
    },
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}
