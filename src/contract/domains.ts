import { z } from 'zod';
import { defineEndpoint } from './endpoint.ts';
import { page, pageQuery } from './page.ts';
import { timestamp } from './text.ts';

/** RFC 1035 section 2.3.4, as people write it: labels of letters, digits and hyphens, at least two of them. */
const domainName = z
  .string()
  .trim()
  .max(253)
  .regex(
    /^(?=.*\.)[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?(?:\.[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?)+$/u,
    'must be a domain name such as example.com',
  );

const addDomainRequest = z
  .object({
    domain: domainName,
    verified: z
      .literal(true)
      .optional()
      .meta({ description: 'Platform admin only: take the domain as verified, without DNS.' }),
  })
  .meta({ id: 'AddDomain' });

const verifyDomainRequest = z
  .object({
    verified: z
      .literal(true)
      .optional()
      .meta({ description: 'Platform admin only: take the domain as verified, without DNS.' }),
  })
  .meta({ id: 'VerifyDomain' });

const domain = z
  .object({
    domain: z.string(),
    verified: z.boolean(),
    verifiedAt: timestamp.nullable(),
    createdAt: timestamp,
    txtRecord: z
      .object({ type: z.literal('TXT'), name: z.string(), value: z.string() })
      .meta({ description: 'Publish this in the DNS, then ask for verification.' }),
  })
  .meta({ id: 'Domain' });

const tag = 'Domains';
const noQuery = z.strictObject({});

export const domainEndpoints = {
  addDomain: defineEndpoint({
    method: 'post',
    path: '/organizations/{organizationId}/domains',
    operationId: 'addDomain',
    tag,
    summary: 'Claim a domain',
    description: 'Adding a domain again answers with the one that is there.',
    query: noQuery,
    request: addDomainRequest,
    status: 201,
    answer: domain,
    refusals: { 409: 'Another organization has verified the domain.' },
  }),
  listDomains: defineEndpoint({
    method: 'get',
    path: '/organizations/{organizationId}/domains',
    operationId: 'listDomains',
    tag,
    summary: 'List domains',
    query: pageQuery,
    request: null,
    status: 200,
    answer: page(domain),
  }),
  verifyDomain: defineEndpoint({
    method: 'post',
    path: '/organizations/{organizationId}/domains/{domain}/verify',
    operationId: 'verifyDomain',
    tag,
    summary: 'Verify a domain by its TXT record',
    query: noQuery,
    request: verifyDomainRequest,
    status: 200,
    answer: domain,
    refusals: { 409: 'The TXT record is not there yet, or another organization has verified the domain.' },
  }),
  removeDomain: defineEndpoint({
    method: 'delete',
    path: '/organizations/{organizationId}/domains/{domain}',
    operationId: 'removeDomain',
    tag,
    summary: 'Remove a domain',
    description: 'Removing the last verified domain pauses directory sync.',
    query: noQuery,
    request: null,
    status: 204,
    answer: null,
  }),
} as const;
