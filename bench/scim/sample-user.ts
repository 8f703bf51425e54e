import type { JsonObject } from '../../src/scim/json.ts';
import { enterpriseUserUrn, userUrn } from '../../src/scim/urns.ts';

/** The user of RFC 7643 section 8.2 and 8.3, in short: what an identity provider typically keeps of a person. */
export const sampleUser: JsonObject = {
  schemas: [userUrn, enterpriseUserUrn],
  id: '2819c223-7f76-453a-919d-413861904646',
  externalId: '701984',
  userName: 'BJensen@example.com',
  name: { formatted: 'Ms. Barbara J Jensen', familyName: 'Jensen', givenName: 'Barbara' },
  displayName: 'Babs "B" Jensen',
  title: 'Tour Guide',
  active: true,
  emails: [
    { value: 'bjensen@example.com', type: 'work', primary: true },
    { value: 'babs@jensen.org', type: 'home' },
  ],
  phoneNumbers: [{ value: '555-555-5555', type: 'work' }],
  meta: {
    resourceType: 'User',
    created: '2010-01-23T04:56:22Z',
    lastModified: '2011-05-13T04:42:34Z',
    version: 'W/"1"',
    location: 'https://example.com/v2/Users/2819c223-7f76-453a-919d-413861904646',
  },
  [enterpriseUserUrn]: { employeeNumber: '701984', department: 'Tour Operations' },
};
