import fc from 'fast-check';
import type { JsonObject } from '../../src/scim/json.ts';
import { enterpriseUserUrn } from '../../src/scim/urns.ts';
import { arbitraryText } from './arbitrary-filter.ts';

const plural = fc.uniqueArray(
  fc.record(
    {
      value: arbitraryText.filter((text) => text.trim() !== ''),
      type: fc.constantFrom('a', 'A', 'b', 'work'),
      display: arbitraryText,
    },
    { requiredKeys: ['value', 'type'] },
  ),
  { minLength: 1, maxLength: 3, selector: ({ type }) => type.toLowerCase() },
);

/** Users as they are stored, with the few values that arbitrary filters and operations also use. */
export const arbitraryUser: fc.Arbitrary<JsonObject> = fc
  .record(
    {
      userName: arbitraryText.map((text) => `u${text}`),
      externalId: arbitraryText,
      active: fc.boolean(),
      displayName: arbitraryText,
      title: arbitraryText,
      name: fc.record({ givenName: arbitraryText, familyName: arbitraryText }),
      emails: plural,
      phoneNumbers: plural,
      [enterpriseUserUrn]: fc.record({ department: arbitraryText, manager: fc.record({ value: arbitraryText }) }),
    },
    { requiredKeys: ['userName', 'active'] },
  )
  .map((user) => JSON.parse(JSON.stringify(user)) as JsonObject);
