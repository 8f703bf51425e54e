import type { JsonValue } from '../scim/json.ts';
import { InvalidAttributeError } from './directory-errors.ts';

/** Postgres' index rows end near 2,700 bytes; providers' own ids are far shorter. */
export const maxIndexedLength = 500;

/**
 * The `externalId` of a resource as its column holds it. An empty text is no id.
 *
 * @throws InvalidAttributeError when it is too long to be looked up
 */
export function externalIdOf(value: JsonValue | undefined): string | null {
  if (typeof value !== 'string' || value === '') return null;
  if (value.length <= maxIndexedLength) return value;
  throw new InvalidAttributeError('externalId', `externalId must be at most ${maxIndexedLength} characters long.`);
}
