import type { Person, Team } from './directory.ts';
import { UnexpectedAnswer, type ScimAnswer, type SendScim } from './scim-client.ts';

/**
 * How one identity provider speaks SCIM: which requests it makes for each thing that happens in its directory, in its
 * own wire shapes. Ids are those that the service gave.
 */
export interface IdentityProvider {
  readonly title: string;
  /** Requests that it keeps in flight at once. */
  readonly concurrency: number;
  readonly headers: Record<string, string>;
  readonly contentType: string;
  /** Whether it ever deletes users; those that do not leave them inactive for ever. */
  readonly deletesUsers: boolean;

  testConnection(send: SendScim): Promise<void>;

  findUser(send: SendScim, person: Person): Promise<string | undefined>;
  createUser(send: SendScim, person: Person): Promise<ScimAnswer>;
  updateUser(send: SendScim, id: string, person: Person): Promise<void>;
  setActive(send: SendScim, id: string, person: Person, active: boolean): Promise<void>;
  deleteUser(send: SendScim, id: string): Promise<void>;
  /** Absent where the provider's usual mapping sends no manager. */
  setManager?(send: SendScim, id: string, managerId: string): Promise<void>;

  findGroup(send: SendScim, group: Team): Promise<string | undefined>;
  createGroup(send: SendScim, group: Team): Promise<ScimAnswer>;
  /** The first push of a membership. */
  pushMembers(send: SendScim, id: string, group: Team, memberIds: string[]): Promise<void>;
  changeMembers(send: SendScim, id: string, group: Team, change: { add: string[]; remove: string[] }): Promise<void>;
}

/** Looks a resource up by a filter. @returns its id, or undefined where there is none */
export async function findOne(send: SendScim, kind: string, path: string): Promise<string | undefined> {
  const { body } = await send({ kind, method: 'GET', path, expect: [200] });
  const resources = isObject(body) && Array.isArray(body['Resources']) ? (body['Resources'] as unknown[]) : [];
  return resources.length === 0 ? undefined : idOf(resources[0]);
}

/** The id that the service gave. */
export function idOf(resource: unknown): string {
  if (isObject(resource) && typeof resource['id'] === 'string' && resource['id'] !== '') return resource['id'];
  throw new UnexpectedAnswer(0, 'the service answered a resource without an id');
}

/** A PatchOp message (RFC 7644 section 3.5.2). */
export function patchOp(operations: object[]): object {
  return { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: operations };
}

export const userUrn = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const enterpriseUserUrn = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const groupUrn = 'urn:ietf:params:scim:schemas:core:2.0:Group';

/** PATCH may answer with the resource or without a body. */
export const patched = [200, 204];

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
