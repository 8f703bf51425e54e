import type { Server } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { errorBody } from '../scim/scim-error.ts';

/** What Node says of a request that never became one, as status and words; anything else is malformed. */
const complaints: Readonly<Record<string, { status: number; detail: string }>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    detail: 'The address and the headers are too long together. A long filter can be sent by POST to /.search.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, detail: 'The request took too long to arrive. Send it again.' },
};
const malformed = { status: 400, detail: 'This is not a well-formed HTTP/1.1 request.' };

const scimPath = /^[A-Z]+ [^ ]*\/api\/v1\/scim\//;

/**
 * Answers what Node refuses before any of our code sees it, in the same form as everything else at that address: a SCIM
 * error under the SCIM base, else a problem document.
 */
export function answerUnreadableRequests(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException & { rawPacket?: Buffer }, socket: Duplex) => {
    // Reset by the other side, or an answer is on its way already: there is nobody to tell.
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const { status, detail } = complaints[error.code ?? ''] ?? malformed;
    // When it came in several pieces the first line is not here any more; then the provider's form is the better guess.
    const head = error.rawPacket?.toString('latin1', 0, 2_048) ?? '';
    const isScim = scimPath.test(head) || !/^[A-Z]+ \//.test(head);
    const body = isScim
      ? JSON.stringify(errorBody({ status, scimType: undefined, detail }))
      : JSON.stringify({
          type: 'urn:rollcall:problem:unreadable-request',
          title: STATUS_CODES[status],
          status,
          detail,
        });
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Type: application/${isScim ? 'scim' : 'problem'}+json\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  });
}
