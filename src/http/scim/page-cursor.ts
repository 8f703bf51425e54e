import { createHash } from 'node:crypto';
import type { ListPosition } from '../../directory/page.ts';
import { isSortValue, type SortKey } from '../../directory/sort-key.ts';
import { isId } from '../../platform/ids.ts';
import { badRequest, type ScimError } from '../../scim/scim-error.ts';

/** An hour for each page: enough for a slow import to work through one before it asks for the next. */
export const cursorTimeoutSeconds = 3600;

/** What a cursor belongs to. It is part of the cursor's digest, so the same cursor is good for no other list. */
export interface CursorScope {
  organizationId: string;
  resourceType: string;
  filter: string;
  sortBy: string;
  sortOrder: string;
  keyType: SortKey['type'] | undefined;
}

const digestBytes = 12;

/**
 * A cursor of RFC 9865 holds the position itself, and when it was given out; the service remembers nothing. base64url is
 * within the characters that the RFC allows. The digest binds it and finds damage; it is no signature, for there is
 * nothing to protect: whatever position somebody makes up, the list is that of the token's organization.
 */
export function encodeCursor(position: ListPosition, issuedAt: Date, scope: CursorScope): string {
  const { direction, inclusive, key, id } = position;
  const issued = Math.floor(issuedAt.getTime() / 1000);
  const content = Buffer.from(JSON.stringify([issued, direction === 'forward' ? 1 : -1, inclusive ? 1 : 0, id, key]));
  return Buffer.concat([digestOf(content, scope), content]).toString('base64url');
}

/**
 * @param now by the same clock as the time of issue
 * @throws ScimError 400 invalidCursor or expiredCursor (RFC 9865 section 2.1)
 */
export function decodeCursor(cursor: string, now: Date, scope: CursorScope): ListPosition {
  const bytes = Buffer.from(cursor, 'base64url');
  // Decoding overlooks what does not belong there; only the very text that was given out counts.
  if (bytes.toString('base64url') !== cursor) throw invalidCursor();
  const content = bytes.subarray(digestBytes);
  if (!digestOf(content, scope).equals(bytes.subarray(0, digestBytes))) throw invalidCursor();
  const { issued, position } = parseContent(content.toString('utf8'), scope.keyType);
  if (now.getTime() / 1000 - issued > cursorTimeoutSeconds) {
    throw badRequest(
      'expiredCursor',
      `The cursor has expired: ask for the next page within ${cursorTimeoutSeconds} seconds. Begin again with an empty cursor.`,
    );
  }
  return position;
}

function parseContent(text: string, keyType: CursorScope['keyType']): { issued: number; position: ListPosition } {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw invalidCursor();
  }
  const [issued, step, inclusive, id, key] = Array.isArray(content) ? (content as unknown[]) : [];
  const isKey = key === null || (keyType !== undefined && typeof key === 'string' && isSortValue(keyType, key));
  if (typeof issued !== 'number' || typeof id !== 'string' || !isId(id) || !isKey) throw invalidCursor();
  return {
    issued,
    position: { direction: step === 1 ? 'forward' : 'backward', inclusive: inclusive === 1, id, key },
  };
}

function digestOf(content: Buffer, scope: CursorScope): Buffer {
  const { organizationId, resourceType, filter, sortBy, sortOrder, keyType } = scope;
  return createHash('sha256')
    .update(JSON.stringify([organizationId, resourceType, filter, sortBy, sortOrder, keyType ?? '']))
    .update(content)
    .digest()
    .subarray(0, digestBytes);
}

function invalidCursor(): ScimError {
  return badRequest(
    'invalidCursor',
    'The cursor is not one that this list gave out. Send an empty cursor for the first page, then nextCursor or previousCursor with the same filter and sort.',
  );
}
