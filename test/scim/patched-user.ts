import type { JsonObject } from '../../src/scim/json.ts';
import { applyPatch } from '../../src/scim/patch.ts';
import { parsePatchRequest } from '../../src/scim/patch-request.ts';
import { userResourceType } from '../../src/scim/resource-types.ts';
import type { ResourceType } from '../../src/scim/schema.ts';
import { enterpriseUserUrn } from '../../src/scim/urns.ts';

/** An operation as a request spells it. */
export interface SentOperation {
  op: string;
  path?: string;
  value?: unknown;
}

export const work: JsonObject = { value: 'work@x', type: 'work', primary: true };
export const home: JsonObject = { value: 'home@x', type: 'home' };
export const tours: JsonObject = { department: 'Tours', manager: { value: 'm1', $ref: 'https://x/Users/m1' } };

/** The user that PATCH tests start from. */
export const user: JsonObject = {
  userName: 'bjensen',
  active: true,
  displayName: 'Babs',
  name: { familyName: 'Jensen', givenName: 'Barbara' },
  emails: [work, home],
  [enterpriseUserUrn]: tours,
};

export function patch(
  resource: JsonObject,
  operations: readonly SentOperation[],
  type: ResourceType = userResourceType,
): ReturnType<typeof applyPatch> {
  return applyPatch(resource, parsePatchRequest({ Operations: operations }, type), type);
}

export function add(path: string, value: unknown): SentOperation {
  return { op: 'add', path, value };
}

export function replace(path: string, value: unknown): SentOperation {
  return { op: 'replace', path, value };
}

export function remove(path: string): SentOperation {
  return { op: 'remove', path };
}
