import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import type { JsonObject } from '../../scim/json.ts';
import { scimMediaType } from './scim-context.ts';

/** The charset as `res.send` would add it, so that a long answer has no other type than a short one. */
const contentType = `${scimMediaType}; charset=utf-8`;

/** What `res.send` would do for JSON, without asking what it was given: resources bring their own ETag. */
export function sendResource(res: Response, status: number, body: JsonObject): void {
  const text = JSON.stringify(body);
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
export async function sendJsonText(res: Response, status: number, text: AsyncIterable<string>): Promise<void> {
  res.status(status).set('Content-Type', contentType);
  if (res.req.method === 'HEAD') {
    // The headers alone are wanted, so a long text is not even made.
    res.end();
    return;
  }
  const chunks = inChunks(text)[Symbol.asyncIterator]();
  const first = await chunks.next();
  const second = first.done === true ? first : await chunks.next();
  if (second.done === true) {
    res.send(first.done === true ? '' : first.value);
    return;
  }
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
