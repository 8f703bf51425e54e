import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { JsonObject } from '../../scim/json.ts';

/** The content type of every answer (RFC 7644 section 8.1). */
const contentType = 'application/scim+json; charset=utf-8';

export function sendResource(res: ServerResponse, status: number, body: JsonObject): void {
  sendText(res, status, JSON.stringify(body));
}

/** An answer without a body. */
export function sendNothing(res: ServerResponse, status: 204 | 304): void {
  res.statusCode = status;
  res.end();
}

/** @param text JSON */
export function sendText(res: ServerResponse, status: number, text: string): void {
  res.statusCode = status;
  res.setHeader('Content-Type', contentType);
  res.setHeader('Content-Length', Buffer.byteLength(text));
  res.end(text);
}

/** Text is handed to the socket in pieces of about this size: fewer system calls, and memory stays bounded. */
const chunkLength = 64 * 1024;

/**
 * Sends JSON text as it is made. Short answers go out at once with their length; longer ones as a stream that waits for
 * a slow reader, so that no answer is ever in memory as a whole.
 */
export async function sendJsonText(res: ServerResponse, status: number, text: AsyncIterable<string>): Promise<void> {
  if (res.req.method === 'HEAD') {
    // The headers alone are wanted, so a long text is not even made.
    res.writeHead(status, { 'Content-Type': contentType }).end();
    return;
  }
  const chunks = inChunks(text)[Symbol.asyncIterator]();
  const first = await chunks.next();
  const second = first.done === true ? first : await chunks.next();
  if (second.done === true) {
    sendText(res, status, first.done === true ? '' : first.value);
    return;
  }
  res.statusCode = status;
  res.setHeader('Content-Type', contentType);
  const rest = { [Symbol.asyncIterator]: () => chunks };
  await pipeline(Readable.from(following([first.value ?? '', second.value], rest)), res).catch((error: unknown) => {
    // The reader went away; there is nobody left to tell.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  });
}

async function* inChunks(text: AsyncIterable<string>): AsyncGenerator<string, undefined> {
  let pending = '';
  for await (const piece of text) {
    pending += piece;
    if (pending.length < chunkLength) continue;
    yield pending;
    pending = '';
  }
  if (pending !== '') yield pending;
}

async function* following(first: readonly string[], rest: AsyncIterable<string>): AsyncGenerator<string> {
  yield* first;
  yield* rest;
}
