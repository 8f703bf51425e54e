import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { FuzzRequest } from './corpus.ts';
import type { Random } from './random.ts';

/** Mostly the JSON as it is; else compressed, cut, or with bytes that do not belong there. */
export function mutateBytes(json: Buffer, { headers }: Pick<FuzzRequest, 'headers'>, random: Random): Buffer {
  switch (random.int(24)) {
    case 0: {
      const bytes = Buffer.from(json);
      if (bytes.length > 0) bytes[random.int(bytes.length)] = random.int(256);
      return bytes;
    }
    case 1:
      return json.subarray(0, random.int(json.length + 1));
    case 2:
      return Buffer.concat([json, Buffer.from(random.pick(['}', ' ', '\0', 'x', '\n{}']))]);
    case 3:
      return Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), json]);
    case 4:
      return Buffer.from(json.toString('utf8'), 'utf16le');
    case 5:
      return Buffer.from(
        json
          .toString('utf8')
          .replaceAll(/:\s*(true|false|null|"[^"]*")/g, (whole) => (random.chance(0.1) ? ':1e999' : whole)),
      );
    case 6:
      return Buffer.from(json.toString('utf8').replace('{', '{"__proto__":{"polluted":true},'));
    case 7:
      headers['content-encoding'] = 'gzip';
      return gzipSync(random.chance(0.1) ? Buffer.alloc(20_000_000) : json);
    case 8:
      headers['content-encoding'] = 'br';
      return brotliCompressSync(json);
    case 9:
      headers['content-encoding'] = 'deflate';
      return deflateSync(json);
    default:
      return json;
  }
}
