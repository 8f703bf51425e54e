import { scimPatch } from 'scim-patch';
import { filter as filterOf, parse } from 'scim2-parse-filter';
import SCIMMY from 'scimmy';
import { matchesFilter } from '../../src/scim/evaluate-filter.ts';
import { parseFilter } from '../../src/scim/filter.ts';
import type { JsonObject } from '../../src/scim/json.ts';
import { applyPatch } from '../../src/scim/patch.ts';
import { parsePatchRequest } from '../../src/scim/patch-request.ts';
import { userResourceType } from '../../src/scim/resource-types.ts';
import { patchOpUrn } from '../../src/scim/urns.ts';

export interface FilterContender {
  readonly name: string;
  parse(text: string): unknown;
  matches(text: string, resource: JsonObject): boolean;
}

export interface PatchContender {
  readonly name: string;
  /** Brings a resource into the form that the library keeps it in; not part of what is measured. */
  prepare(resource: JsonObject): unknown;
  /** The resource after the operations of a PATCH body, which is read and checked as far as the library does that. */
  apply(prepared: unknown, operations: readonly JsonObject[]): unknown;
}

SCIMMY.Schemas.User.definition.extend(SCIMMY.Schemas.EnterpriseUser.definition);

export const filterContenders: readonly FilterContender[] = [
  {
    name: 'rollcall',
    parse: (text) => parseFilter(text, userResourceType),
    matches: (text, resource) => matchesFilter(parseFilter(text, userResourceType), resource),
  },
  {
    name: 'scim2-parse-filter 0.2.10',
    parse: (text) => parse(text),
    matches: (text, resource) => filterOf(parse(text))(resource),
  },
  {
    name: 'scimmy 1.3.5',
    parse: (text) => new SCIMMY.Types.Filter(text),
    matches: (text, resource) => new SCIMMY.Types.Filter(text).match([resource]).length > 0,
  },
];

type ScimmyRequest = ConstructorParameters<typeof SCIMMY.Messages.PatchOp>[0];
type ScimmyUser = InstanceType<typeof SCIMMY.Schemas.User>;
type PatchedResource = Parameters<typeof scimPatch>[0];
type PatchOperations = Parameters<typeof scimPatch>[1];

export const patchContenders: readonly PatchContender[] = [
  {
    name: 'rollcall',
    prepare: (resource) => resource,
    apply: (prepared, operations) =>
      applyPatch(
        prepared as JsonObject,
        parsePatchRequest({ schemas: [patchOpUrn], Operations: [...operations] }, userResourceType),
        userResourceType,
      ).resource,
  },
  {
    name: 'scim-patch 0.8.3',
    prepare: (resource) => resource,
    apply: (prepared, operations) =>
      scimPatch(prepared as PatchedResource, operations as unknown as PatchOperations, { mutateDocument: false }),
  },
  {
    name: 'scimmy 1.3.5',
    prepare: (resource) => new SCIMMY.Schemas.User(resource, 'out'),
    apply: (prepared, operations) =>
      new SCIMMY.Messages.PatchOp({ schemas: [patchOpUrn], Operations: operations } as unknown as ScimmyRequest)
        // The identity as finaliser: what a server stores afterwards is not the library's work.
        .apply(prepared as ScimmyUser, (target) => Promise.resolve(target)),
  },
];
