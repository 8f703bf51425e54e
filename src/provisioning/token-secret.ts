import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const base = BigInt(alphabet.length);

/**
 * How a secret begins: tells what a leaked one opens at a glance, and lets secret scanners find it. `rc_scim_` is an
 * identity provider's token, `rc_org_` an admin key of one organization, `rc_session_` the cookie of a
 * console session.
 */
export type TokenScheme = 'rc_scim_' | 'rc_org_' | 'rc_session_';

const secretBits = 256;
/** Characters that hold 256 bits: 62^43 > 2^256. */
const secretLength = 43;
/** Characters that hold a CRC-32: 62^6 > 2^32. */
const checksumLength = 6;
/** Shown of the secret beside its scheme: enough to tell tokens apart, 232 bits short of one. */
const shownLength = 4;

export interface TokenSecret {
  /** What its holder sends; shown once and never stored. */
  token: string;
  /** SHA-256 of `token`: the only form that is stored. A random secret needs no slow hash. */
  hash: Buffer;
  prefix: string;
  lastFour: string;
}

/** A new bearer token: its scheme, 256 random bits in base62, and a checksum that exposes typing errors. */
export function createTokenSecret(scheme: TokenScheme): TokenSecret {
  const bits = BigInt(`0x${randomBytes(secretBits / 8).toString('hex')}`);
  const body = `${scheme}${toBase62(bits, secretLength)}`;
  const token = `${body}${checksum(body)}`;
  const prefix = token.slice(0, scheme.length + shownLength);
  return { token, hash: hashToken(token), prefix, lastFour: token.slice(-shownLength) };
}

export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** Whether text can be one of our tokens at all: anything else is refused without asking the database. */
export function isTokenShaped(text: string, scheme: TokenScheme): boolean {
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
