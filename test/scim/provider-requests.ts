import type { MemberChange } from '../../src/scim/group-members-patch.ts';
import { splitGroupPatch } from '../../src/scim/group-members-patch.ts';
import type { JsonObject } from '../../src/scim/json.ts';
import { parseResource } from '../../src/scim/parse-resource.ts';
import { applyPatch } from '../../src/scim/patch.ts';
import { parsePatchRequest } from '../../src/scim/patch-request.ts';
import { groupResourceType, userResourceType } from '../../src/scim/resource-types.ts';
import { patchOpUrn } from '../../src/scim/urns.ts';

/** What a POST of this body stores. */
export function createdUser(body: JsonObject): JsonObject {
  return parseResource(body, userResourceType);
}

/** What a PATCH with these operations makes of a user, and what it changes. */
export function patchUser(before: JsonObject, ...Operations: unknown[]): ReturnType<typeof applyPatch> {
  const operations = parsePatchRequest({ schemas: [patchOpUrn], Operations }, userResourceType);
  return applyPatch(before, operations, userResourceType);
}

export function patchedUser(before: JsonObject, ...Operations: unknown[]): JsonObject {
  return patchUser(before, ...Operations).resource;
}

/** What a PATCH with these operations makes of a group, its members apart. */
export function patchedGroup(
  before: JsonObject,
  ...Operations: unknown[]
): ReturnType<typeof applyPatch> & { members: MemberChange | null } {
  const operations = parsePatchRequest({ schemas: [patchOpUrn], Operations }, groupResourceType);
  const { attributes, members } = splitGroupPatch(operations);
  return { ...applyPatch(before, attributes, groupResourceType), members };
}

/** A user as Entra creates one. */
export const ida: JsonObject = {
  userName: 'ida@contoso.example',
  active: true,
  displayName: 'Ida Holm',
  name: { formatted: 'Ida Holm', familyName: 'Holm', givenName: 'Ida' },
  emails: [{ primary: true, type: 'work', value: 'ida@contoso.example' }],
};
