import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const base = BigInt(alphabet.length);

/** Tells a leaked token's origin at a glance, and lets secret scanners find it. */
const scheme = 'rc_scim_';
const secretBits = 256;
/** Characters that hold 256 bits: 62^43 > 2^256. */
const secretLength = 43;
/** Characters that hold a CRC-32: 62^6 > 2^32. */
const checksumLength = 6;
/** Scheme and four characters more: enough to tell tokens apart, 232 bits short of one. */
const shownPrefixLength = scheme.length + 4;

export interface TokenSecret {
  /** What the identity provider sends; shown once and never stored. */
  token: string;
  /** SHA-256 of `token`: the only form that is stored. A random secret needs no slow hash. */
  hash: Buffer;
  prefix: string;
  lastFour: string;
}

/** A new bearer token: `rc_scim_`, 256 random bits in base62, and a checksum that exposes typing errors. */
export function createTokenSecret(): TokenSecret {
  const bits = BigInt(`0x${randomBytes(secretBits / 8).toString('hex')}`);
  const body = `${scheme}${toBase62(bits, secretLength)}`;
  const token = `${body}${checksum(body)}`;
  return { token, hash: hashToken(token), prefix: token.slice(0, shownPrefixLength), lastFour: token.slice(-4) };
}

export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** Whether text can be one of our tokens at all: anything else is refused without asking the database. */
export function isTokenShaped(text: string): boolean {
  if (text.length !== scheme.length + secretLength + checksumLength || !text.startsWith(scheme)) return false;
  const body = text.slice(0, -checksumLength);
  return checksum(body) === text.slice(-checksumLength);
}

/** How a token is named where people read it: `rc_scim_Ab12…Zz9x`. */
export function tokenName(token: { prefix: string; lastFour: string }): string {
  return `${token.prefix}…${token.lastFour}`;
}

function checksum(body: string): string {
  return toBase62(BigInt(crc32(body)), checksumLength);
}

function toBase62(value: bigint, length: number): string {
  let digits = '';
  for (let rest = value; digits.length < length; rest /= base) digits = alphabet.charAt(Number(rest % base)) + digits;
  return digits;
}
