import { createHash } from 'node:crypto';

/**
 * Where Polis has its rows: everything is JSON text in one table, `jackson_store`, under a key that is made of what it
 * is, its tenant, its product and a digest of its id. Whatever else it is looked up by is in `jackson_index`.
 */

/** Every directory belongs to a tenant, here an organization, and to a product, here always this. */
export const polisProduct = 'bench';

export type PolisKind = 'users' | 'groups' | 'members';

export function namespaceOf(kind: PolisKind, tenant: string): string {
  return `dsync:${kind}:${tenant}:${polisProduct}`;
}

/** Key of a row of `jackson_store`. */
export function storeKey(kind: PolisKind, tenant: string, id: string): string {
  return `${namespaceOf(kind, tenant)}:${digest(id)}`;
}

export type PolisIndex = 'directoryId' | 'directoryIdUsername' | 'directoryIdDisplayname' | 'groupId';

/** Key of a row of `jackson_index`. */
export function indexKey(kind: PolisKind, tenant: string, index: PolisIndex, ...parts: string[]): string {
  return `${namespaceOf(kind, tenant)}:${index}:${digest(parts.join(':'))}`;
}

export function memberId(groupId: string, userId: string): string {
  return digest(`${groupId}:${userId}`);
}

function digest(text: string): string {
  return createHash('ripemd160').update(text).digest('hex');
}
