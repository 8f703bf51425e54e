import { z } from 'zod';
import { permissions, type AdminRole, type Permission } from '../../contract/authorization.ts';
import type { Endpoint } from '../../contract/endpoint.ts';
import { endpoints } from '../../contract/endpoints.ts';
import { problem } from '../../contract/problem.ts';
import { sessionCookieName } from '../session/session-cookie.ts';

type Json = Record<string, unknown>;

/** What is said of each path parameter. */
const parameterDescriptions: Record<string, string> = {
  organizationId: 'Id of the organization.',
  workspaceId: 'Id of the workspace.',
  groupId: 'Id of the group.',
  userId: 'Id of the user.',
  tokenId: 'Id of the SCIM token.',
  jobId: 'Id of the job.',
  domain: 'The domain name.',
  urn: 'The URN of the schema.',
  keyId: 'Id of the admin key.',
  replayId: 'Id of the replay.',
};

/** The OpenAPI 3.1 document of the admin API, made of the very shapes that requests are checked with. */
export function openApiDocument(serverUrl: string): Json {
  const components: Json = {};
  const paths: Record<string, Json> = {};
  for (const endpoint of Object.values<Endpoint>(endpoints)) {
    const path = (paths[endpoint.path] ??= {});
    path[endpoint.method] = operationOf(endpoint, components);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Rollcall admin API',
      version: '1',
      description:
        'Directory settings, group mappings, effective access and the sync log. Errors are `application/problem+json` (RFC 9457); their `detail` says what to do.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: `${serverUrl}/api/v1` }],
    security: [{ adminKey: [] }, { session: [] }],
    tags: [...new Set(Object.values<Endpoint>(endpoints).map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        adminKey: {
          type: 'http',
          scheme: 'bearer',
          description: 'The platform admin key, or an admin key of the organization.',
        },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: sessionCookieName(serverUrl.startsWith('https:')),
          description: 'What signing in gives a browser.',
        },
      },
      schemas: components,
    },
  };
}

/** Who a caller has to be, in words. */
const keyOfRole: Record<AdminRole, string> = {
  platform: 'the platform admin key',
  admin: 'the platform admin key, or an admin key of the organization with the role `admin`',
  viewer: 'the platform admin key, or any admin key of the organization',
};
const noPermission: Permission = { least: 'platform' };

function operationOf(endpoint: Endpoint, components: Json): Json {
  const { operationId, tag, summary, description, request, open = false } = endpoint;
  const { least, platformFields = [] } = (permissions as Record<string, Permission>)[operationId] ?? noPermission;
  const forPlatform = platformFields.map((field) => ` Only the platform admin may send \`${field}\`.`).join('');
  return {
    operationId,
    tags: [tag],
    summary,
    description: [description, open ? 'Needs no credential.' : `Needs ${keyOfRole[least]}.${forPlatform}`]
      .filter(Boolean)
      .join(' '),
    ...(open ? { security: [] } : {}),
    parameters: [...pathParameters(endpoint.path), ...queryParameters(endpoint, components)],
    ...(request === null
      ? {}
      : {
          requestBody: {
            required: !request.safeParse({}).success,
            content: { 'application/json': { schema: schemaOf(request, 'input', components) } },
          },
        }),
    responses: responsesOf(endpoint, components),
  };
}

function pathParameters(path: string): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    description: parameterDescriptions[name] ?? '',
    schema: { type: 'string' },
  }));
}

function queryParameters(endpoint: Endpoint, components: Json): Json[] {
  return Object.entries<z.ZodType>(endpoint.query.shape as Record<string, z.ZodType>).map(([name, schema]) => {
    const { description, ...rest } = schemaOf(schema, 'input', components);
    return {
      name,
      in: 'query',
      required: false,
      ...(description === undefined ? {} : { description }),
      schema: rest,
    };
  });
}

function responsesOf(endpoint: Endpoint, components: Json): Json {
  const { status, answer, streams, refusals = {}, path } = endpoint;
  const problems: Record<string, string> = {
    400: 'Something in the request is wrong; `errors` names each field.',
    401: 'The admin key is missing or wrong.',
    403: 'The role of the key does not suffice.',
    429: 'More requests than the limit; `Retry-After` says how many seconds to wait.',
    ...(path.includes('{') ? { 404: 'What the path names is not there.' } : {}),
    ...refusals,
  };
  const schema = schemaOf(problem, 'output', components);
  return {
    [status]: {
      description: 'Success.',
      ...(answer === null
        ? {}
        : { content: { 'application/json': { schema: schemaOf(answer, 'output', components) } } }),
      ...(streams === undefined
        ? {}
        : { content: Object.fromEntries(streams.map((type) => [type, { schema: { type: 'string' } }])) }),
    },
    ...Object.fromEntries(
      Object.entries(problems).map(([code, description]) => [
        code,
        { description, content: { 'application/problem+json': { schema } } },
      ]),
    ),
  };
}

/**
 * A shape as JSON Schema 2020-12, the dialect of OpenAPI 3.1. Shapes with an id become components and are referred to.
 *
 * @throws Error when two different shapes claim one id
 */
function schemaOf(schema: z.ZodType, io: 'input' | 'output', components: Json): Json {
  const { $defs = {}, ...root } = z.toJSONSchema(schema, { io, target: 'draft-2020-12' }) as Json & {
    $defs?: Record<string, Json>;
  };
  delete root['$schema'];
  for (const [id, definition] of Object.entries($defs)) addComponent(components, id, definition);
  const { id } = root;
  if (typeof id !== 'string') return referringToComponents(root) as Json;
  addComponent(components, id, root);
  return { $ref: `#/components/schemas/${id}` };
}

function addComponent(components: Json, name: string, definition: Json): void {
  const component = referringToComponents({ ...definition, id: undefined });
  const present = components[name];
  if (present !== undefined && JSON.stringify(present) !== JSON.stringify(component)) {
    throw new Error(`Two different shapes are called ${name}`);
  }
  components[name] = component;
}

/** JSON Schema keeps its named parts under `$defs`, OpenAPI under `components/schemas`. */
function referringToComponents(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(referringToComponents);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key === '$ref' && typeof member === 'string'
        ? member.replace('#/$defs/', '#/components/schemas/')
        : referringToComponents(member),
    ]),
  );
}
