import { mapReferences } from './bulk-references.ts';
import { isJsonObject, member, type JsonObject, type JsonValue } from './json.ts';
import { requireMessageSchema } from './message-schemas.ts';
import { checkedBody } from './safe-json.ts';
import { badRequest, quoted, ScimError, shortened } from './scim-error.ts';
import type { ResourceType } from './schema.ts';
import { bulkRequestUrn } from './urns.ts';

const methods = ['POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type BulkMethod = (typeof methods)[number];

/** One operation of a bulk request, checked as far as it can be without doing it. */
export interface BulkOperation {
  readonly method: BulkMethod;
  readonly resourceType: ResourceType;
  /** The id in the path, or `bulkId:...` until {@link resolveBulkIds} has replaced it; absent for POST. */
  readonly id?: string;
  readonly bulkId?: string;
  /** The entity tag that the resource must have. */
  readonly version?: string;
  readonly data?: JsonObject;
}

/** An operation, or why it cannot be one: its answer in the bulk response is then the error. */
export type BulkItem =
  | { readonly kind: 'operation'; readonly operation: BulkOperation }
  | {
      readonly kind: 'refused';
      readonly method: string;
      /** As far as the path tells it. */
      readonly resourceType?: ResourceType;
      readonly bulkId?: string;
      readonly error: ScimError;
    };

export interface BulkRequest {
  /** After how many errors to stop; undefined: never. */
  readonly failOnErrors?: number;
  readonly items: readonly BulkItem[];
}

/**
 * Reads the body of a POST to `/Bulk` (RFC 7644 section 3.7). A mistake in one operation refuses that operation alone;
 * only a body that is no bulk request at all is refused as a whole. The size in bytes is checked before parsing, by whoever
 * reads the body.
 *
 * @throws ScimError 400 invalidSyntax, 413 for more operations than `maxOperations`
 */
export function parseBulkRequest(
  body: unknown,
  resourceTypes: readonly ResourceType[],
  limits: { readonly maxOperations: number },
): BulkRequest {
  const sent = checkedBody(body);
  requireMessageSchema(member(sent, 'schemas'), bulkRequestUrn, 'a bulk request');
  const operations = member(sent, 'Operations');
  if (!Array.isArray(operations)) throw badRequest('invalidSyntax', 'A bulk request must have a list "Operations".');
  if (operations.length > limits.maxOperations) {
    throw new ScimError(
      413,
      'tooMany',
      `The request has ${operations.length} operations; at most ${limits.maxOperations} (maxOperations) are accepted.`,
    );
  }
  const failOnErrors = member(sent, 'failOnErrors') ?? null;
  if (
    failOnErrors !== null &&
    !(typeof failOnErrors === 'number' && Number.isInteger(failOnErrors) && failOnErrors > 0)
  ) {
    throw badRequest('invalidValue', '"failOnErrors" must be an integer of 1 or more.');
  }
  const seen = new Set<string>();
  const items = operations.map((operation) => parseItem(operation, resourceTypes, seen));
  return { ...(failOnErrors === null ? {} : { failOnErrors }), items };
}

function parseItem(sent: JsonValue, resourceTypes: readonly ResourceType[], seen: Set<string>): BulkItem {
  const object = isJsonObject(sent) ? sent : {};
  const method = text(object, 'method') ?? '';
  const bulkId = text(object, 'bulkId');
  try {
    if (!isJsonObject(sent)) throw badRequest('invalidSyntax', 'Each of "Operations" must be an object.');
    return { kind: 'operation', operation: parseOperation(sent, bulkId, resourceTypes, seen) };
  } catch (error) {
    if (!(error instanceof ScimError)) throw error;
    const resourceType = typeOfPath(text(object, 'path'), resourceTypes);
    return {
      kind: 'refused',
      method,
      ...(resourceType === undefined ? {} : { resourceType }),
      ...(bulkId === undefined ? {} : { bulkId }),
      error,
    };
  }
}

function parseOperation(
  sent: JsonObject,
  bulkId: string | undefined,
  resourceTypes: readonly ResourceType[],
  seen: Set<string>,
): BulkOperation {
  const method = methods.find((candidate) => candidate === text(sent, 'method')?.toUpperCase());
  if (!method) throw badRequest('invalidSyntax', '"method" must be POST, PUT, PATCH or DELETE.');
  if (method === 'POST' && !bulkId) throw badRequest('invalidValue', 'A POST in a bulk request needs a "bulkId".');
  if (bulkId !== undefined && method === 'POST') {
    if (seen.has(bulkId)) throw badRequest('invalidValue', `The bulkId ${quoted(bulkId)} is used twice.`);
    seen.add(bulkId);
  }
  const target = parseTarget(text(sent, 'path'), method, resourceTypes);
  const data = member(sent, 'data');
  if (method !== 'DELETE' && !isJsonObject(data)) {
    throw badRequest('invalidValue', `A ${method} in a bulk request needs "data", an object.`);
  }
  const version = text(sent, 'version');
  return {
    method,
    ...target,
    ...(bulkId === undefined ? {} : { bulkId }),
    ...(version === undefined ? {} : { version }),
    ...(method !== 'DELETE' && isJsonObject(data) ? { data } : {}),
  };
}

function parseTarget(
  path: string | undefined,
  method: BulkMethod,
  resourceTypes: readonly ResourceType[],
): Pick<BulkOperation, 'resourceType' | 'id'> {
  const [, , id, ...more] = (path ?? '').replace(/\/$/u, '').split('/');
  const resourceType = typeOfPath(path, resourceTypes);
  if (!resourceType || more.length > 0 || !path?.startsWith('/')) {
    const endpoints = resourceTypes.map((candidate) => candidate.endpoint).join(' or ');
    throw badRequest('invalidPath', `"path" must be ${endpoints}, followed by the id except for POST.`);
  }
  if ((method === 'POST') !== (id === undefined || id === '')) {
    throw badRequest(
      'invalidPath',
      method === 'POST' ? `A POST goes to ${resourceType.endpoint} itself.` : `A ${method} needs an id in its "path".`,
    );
  }
  return { resourceType, ...(id ? { id } : {}) };
}

function typeOfPath(path: string | undefined, resourceTypes: readonly ResourceType[]): ResourceType | undefined {
  const [, endpoint] = (path ?? '').split('/');
  return resourceTypes.find((candidate) => candidate.endpoint === `/${endpoint ?? ''}`);
}

/**
 * The positions of the items in an order in which everything is created before it is referred to, and otherwise as they
 * came. References in a circle cannot be satisfied one after the other; their items are refused with 409.
 */
export function bulkOrder(items: readonly BulkItem[]): { order: number[]; circular: Map<number, ScimError> } {
  const creators = new Map<string, number>();
  items.forEach((item, at) => {
    if (item.kind === 'operation' && item.operation.method === 'POST' && item.operation.bulkId !== undefined) {
      creators.set(item.operation.bulkId, at);
    }
  });
  const needs = items.map((item) => (item.kind === 'operation' ? creatorsNeeded(item.operation, creators) : []));
  const state = Array<'new' | 'open' | 'done'>(items.length).fill('new');
  const order: number[] = [];
  const circular = new Map<number, ScimError>();
  items.forEach((_, root) => {
    // Depth first without recursion: a chain may be as long as the request.
    const stack = [root];
    for (let at = stack.at(-1); at !== undefined; at = stack.at(-1)) {
      if (state[at] === 'done') {
        stack.pop();
        continue;
      }
      state[at] = 'open';
      for (const need of needs[at] ?? []) {
        if (state[need] !== 'open') continue;
        for (const item of stack.slice(stack.indexOf(need))) {
          circular.set(item, new ScimError(409, undefined, 'The bulkId references of this operation form a circle.'));
        }
      }
      const next: number | undefined = needs[at]?.find((need) => state[need] === 'new');
      if (next === undefined) {
        state[at] = 'done';
        order.push(at);
        stack.pop();
      } else {
        stack.push(next);
      }
    }
  });
  return { order, circular };
}

function creatorsNeeded(operation: BulkOperation, creators: ReadonlyMap<string, number>): number[] {
  const found = new Set<number>();
  mapReferences(operation, (bulkId) => {
    const creator = creators.get(bulkId);
    if (creator !== undefined) found.add(creator);
    return bulkId;
  });
  return [...found];
}

/**
 * The operation with every `bulkId:...` that stands for a resource replaced by the id of what was created.
 *
 * @param ids ids of created resources by bulkId; null for one whose creation failed
 * @throws ScimError 400 invalidValue for a reference to a failed creation, or to nothing in the request
 */
export function resolveBulkIds(operation: BulkOperation, ids: ReadonlyMap<string, string | null>): BulkOperation {
  return mapReferences(operation, (bulkId) => {
    const id = ids.get(bulkId);
    if (id === undefined) {
      throw badRequest(
        'invalidValue',
        `The operation refers to bulkId:${shortened(bulkId)}, which this request does not create.`,
      );
    }
    if (id === null) {
      throw badRequest('invalidValue', `The operation refers to bulkId:${shortened(bulkId)}, whose creation failed.`);
    }
    return id;
  });
}

function text(object: JsonObject, name: string): string | undefined {
  const value = member(object, name);
  return typeof value === 'string' ? value : undefined;
}
