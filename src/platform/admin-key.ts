import { createHash, randomBytes } from 'node:crypto';

/** A new platform admin key: 256 random bits behind a prefix that secret scanners and our own log redaction know. */
export function newAdminKey(): string {
  return `rc_admin_${randomBytes(32).toString('base64url')}`;
}

/** SHA-256 of a key: comparing hashes takes the same time for every wrong key, whatever its length. */
export function hashAdminKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
