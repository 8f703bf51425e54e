import { describe, expect, test } from 'vitest';
import {
  findResourceTypeDocument,
  findSchemaDocument,
  refuseDiscoveryFilter,
  resourceTypesDocument,
  schemasDocument,
  serviceProviderConfig,
} from '../../src/scim/discovery.ts';
import { isJsonObject, type JsonValue } from '../../src/scim/json.ts';
import { groupResourceType, userResourceType } from '../../src/scim/resource-types.ts';
import { enterpriseUserUrn, groupUrn, userUrn } from '../../src/scim/urns.ts';
import { refusal } from './refusal.ts';

const baseUrl = 'https://x.example/api/v1/scim/o/v2';
const types = [userResourceType, groupResourceType];

describe('ServiceProviderConfig (RFC 7643 section 5)', () => {
  test('says what the service does', () => {
    const config = serviceProviderConfig({
      baseUrl,
      maxResults: 200,
      bulk: { maxOperations: 1000, maxPayloadSize: 1_048_576 },
      sort: true,
      etag: true,
      documentationUri: 'https://x.example/docs',
    });
    expect(config).toMatchObject({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
      documentationUri: 'https://x.example/docs',
      patch: { supported: true },
      bulk: { supported: true, maxOperations: 1000, maxPayloadSize: 1_048_576 },
      filter: { supported: true, maxResults: 200 },
      changePassword: { supported: false },
      sort: { supported: true },
      etag: { supported: true },
      pagination: { cursor: false, index: true },
      authenticationSchemes: [{ type: 'oauthbearertoken' }],
      meta: { resourceType: 'ServiceProviderConfig', location: `${baseUrl}/ServiceProviderConfig` },
    });
  });

  test('and nothing that it does not', () => {
    const config = serviceProviderConfig({ baseUrl, maxResults: 200, bulk: null, sort: false, etag: false });
    expect(config).toMatchObject({
      // authentik wants the numbers even so.
      bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
      sort: { supported: false },
      etag: { supported: false },
    });
    expect(config).not.toHaveProperty('documentationUri');
  });

  test('announces cursors where there are any (RFC 9865 section 4)', () => {
    const cursorPagination = { defaultPageSize: 100, maxPageSize: 200, cursorTimeout: 3600 };
    expect(
      serviceProviderConfig({ baseUrl, maxResults: 200, bulk: null, sort: true, etag: true, cursorPagination })[
        'pagination'
      ],
    ).toEqual({
      cursor: true,
      index: true,
      defaultPaginationMethod: 'index',
      defaultPageSize: 100,
      maxPageSize: 200,
      cursorTimeout: 3600,
    });
  });
});

describe('ResourceTypes (RFC 7643 section 6)', () => {
  test('lists users with their extensions, and groups', () => {
    expect(resourceTypesDocument(types, baseUrl)).toMatchObject({
      totalResults: 2,
      Resources: [
        {
          id: 'User',
          name: 'User',
          endpoint: '/Users',
          schema: userUrn,
          schemaExtensions: [{ schema: enterpriseUserUrn, required: false }],
          meta: { resourceType: 'ResourceType', location: `${baseUrl}/ResourceTypes/User` },
        },
        { id: 'Group', name: 'Group', endpoint: '/Groups', schema: groupUrn, schemaExtensions: [] },
      ],
    });
  });

  test('gives one by name', () => {
    expect(findResourceTypeDocument('Group', types, baseUrl)).toMatchObject({ id: 'Group' });
    expect(findResourceTypeDocument('Device', types, baseUrl)).toBeUndefined();
  });
});

describe('Schemas (RFC 7643 section 7)', () => {
  test('lists every schema once', () => {
    const document = schemasDocument([...types, userResourceType], baseUrl) as {
      Resources: { id: string }[];
      totalResults: number;
    };
    expect(document.totalResults).toBe(3);
    expect(document.Resources.map(({ id }) => id)).toEqual([userUrn, enterpriseUserUrn, groupUrn]);
  });

  test('gives one by URN, letter case aside', () => {
    const schema = findSchemaDocument(userUrn.toUpperCase(), types, baseUrl);
    expect(schema).toMatchObject({
      id: userUrn,
      name: 'User',
      meta: { resourceType: 'Schema', location: `${baseUrl}/Schemas/${userUrn}` },
    });
    expect(schema?.['attributes']).toContainEqual({
      name: 'userName',
      type: 'string',
      multiValued: false,
      description: expect.any(String) as string,
      required: true,
      caseExact: false,
      mutability: 'readWrite',
      returned: 'default',
      uniqueness: 'server',
    });
    expect(schema?.['attributes']).toContainEqual(
      expect.objectContaining({ name: 'password', mutability: 'writeOnly', returned: 'never' }),
    );
    expect(findSchemaDocument('urn:x', types, baseUrl)).toBeUndefined();
  });

  test('shows the characteristics of the RFC and no other', () => {
    const allowed = new Set(
      'name type multiValued description required canonicalValues caseExact mutability returned uniqueness referenceTypes subAttributes'.split(
        ' ',
      ),
    );
    const check = (attributes: JsonValue | undefined): void => {
      if (!Array.isArray(attributes)) return;
      for (const attribute of attributes) {
        if (!isJsonObject(attribute)) throw new Error('an attribute is not an object');
        expect(Object.keys(attribute).filter((key) => !allowed.has(key))).toEqual([]);
        expect(attribute).toMatchObject({
          name: expect.any(String) as string,
          type: expect.any(String) as string,
          multiValued: expect.any(Boolean) as boolean,
        });
        expect(attribute['type'] === 'complex').toBe(Array.isArray(attribute['subAttributes']));
        check(attribute['subAttributes']);
      }
    };
    for (const urn of [userUrn, enterpriseUserUrn, groupUrn])
      check(findSchemaDocument(urn, types, baseUrl)?.['attributes']);
  });
});

test('discovery cannot be filtered (RFC 7644 section 4)', () => {
  expect(refusal(() => refuseDiscoveryFilter({ filter: 'id pr' }))).toMatchObject({ status: 403 });
  expect(refusal(() => refuseDiscoveryFilter({ FILTER: '' }))).toMatchObject({ status: 403 });
  expect(() => refuseDiscoveryFilter({ count: '1' })).not.toThrow();
});
