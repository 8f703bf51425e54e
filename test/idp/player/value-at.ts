/**
 * The value at `path`: dotted names with list positions (`Resources[0].id`), or a JSON pointer (RFC 6901) where the
 * path starts with `/`. Undefined where nothing is there.
 */
export function valueAt(root: unknown, path: string): unknown {
  let value = root;
  for (const key of path.startsWith('/') ? pointerKeys(path) : dottedKeys(path)) {
    if (Array.isArray(value)) value = /^\d+$/.test(key) ? (value as unknown[])[Number(key)] : undefined;
    else if (isObject(value)) value = Object.hasOwn(value, key) ? value[key] : undefined;
    else return undefined;
  }
  return value;
}

/** RFC 7643 section 2.5: unassigned, null and an empty array are the same. */
export function isThere(value: unknown): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function pointerKeys(pointer: string): string[] {
  return pointer
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function dottedKeys(path: string): string[] {
  return path
    .replaceAll(/\[(\d+)\]/g, '.$1')
    .split('.')
    .filter((key) => key !== '');
}
