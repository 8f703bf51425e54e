/** Reads the body of one answer from the pieces in which it arrives. */
export interface BodyReader {
  /** @returns the whole body, once it is complete */
  read(piece: Buffer): Buffer | undefined;
}

const nothing = Buffer.alloc(0);

/** How the body of an answer is delimited (RFC 9112 section 6.3), as far as servers here use it. */
export function bodyOf(head: string, status: number, method: string): BodyReader {
  if (status === 204 || status === 304 || method === 'HEAD') return { read: () => nothing };
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) return chunkedBody();
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined) throw new Error(`an answer that does not say where it ends:\n${head}`);
  return sizedBody(Number(length));
}

function sizedBody(length: number): BodyReader {
  const pieces: Buffer[] = [];
  let received = 0;
  return {
    read(piece) {
      received += piece.length;
      if (pieces.length === 0 && received === length) return piece;
      pieces.push(piece);
      return received >= length ? Buffer.concat(pieces, length) : undefined;
    },
  };
}

/** RFC 9112 section 7.1, without extensions and trailers. */
function chunkedBody(): BodyReader {
  const pieces: Buffer[] = [];
  let unread: Buffer = nothing;
  /** What is still to come of the present chunk, its line end included; 0: a size comes next. */
  let left = 0;
  return {
    read(piece) {
      unread = unread.length === 0 ? piece : Buffer.concat([unread, piece]);
      for (;;) {
        if (left > 0) {
          const taken = unread.subarray(0, left);
          unread = unread.subarray(taken.length);
          const data = taken.subarray(0, Math.max(0, left - 2));
          left -= taken.length;
          if (data.length > 0) pieces.push(data);
          if (left > 0) return undefined;
        }
        const lineEnd = unread.indexOf('\r\n');
        if (lineEnd === -1) return undefined;
        const size = parseInt(unread.toString('latin1', 0, lineEnd), 16);
        if (size === 0) return unread.length >= lineEnd + 4 ? Buffer.concat(pieces) : undefined;
        unread = unread.subarray(lineEnd + 2);
        left = size + 2;
      }
    },
  };
}
