import { defineAttribute, definePluralAttribute, type SchemaDefinition } from './schema.ts';
import { userUrn } from './urns.ts';

/** The core User schema (RFC 7643 sections 4.1 and 8.7.1). */
export const userSchema: SchemaDefinition = {
  id: userUrn,
  name: 'User',
  description: 'A person whom the identity provider may give access.',
  attributes: [
    defineAttribute('userName', 'The unique name that the user signs in with, compared without letter case.', {
      required: true,
      uniqueness: 'server',
    }),
    defineAttribute('name', 'The parts of the name.', {
      type: 'complex',
      subAttributes: [
        defineAttribute('formatted', 'The full name, ready to show.'),
        defineAttribute('familyName', 'The family name.'),
        defineAttribute('givenName', 'The given name.'),
        defineAttribute('middleName', 'The middle name or names.'),
        defineAttribute('honorificPrefix', 'The title before the name.'),
        defineAttribute('honorificSuffix', 'The suffix after the name.'),
      ],
    }),
    defineAttribute('displayName', 'The name to show for the user.'),
    defineAttribute('nickName', 'The casual name.'),
    defineAttribute('profileUrl', 'The address of a page about the user.', {
      type: 'reference',
      referenceTypes: ['external'],
    }),
    defineAttribute('title', 'The job title.'),
    defineAttribute('userType', 'The relation to the organization, such as "Contractor".'),
    defineAttribute('preferredLanguage', 'The preferred written or spoken language.'),
    defineAttribute('locale', 'The locale for dates, numbers and currency.'),
    defineAttribute('timezone', 'The time zone, by its name in the IANA database.'),
    defineAttribute('active', 'Whether the user may use the service.', { type: 'boolean', neverUnassigned: true }),
    defineAttribute('password', 'Accepted and discarded: this service keeps no passwords.', {
      mutability: 'writeOnly',
      returned: 'never',
    }),
    definePluralAttribute('emails', 'The e-mail addresses.', { types: ['work', 'home', 'other'] }),
    definePluralAttribute('phoneNumbers', 'The phone numbers, kept as they are sent.', {
      types: ['work', 'home', 'mobile', 'fax', 'pager', 'other'],
    }),
    definePluralAttribute('ims', 'The instant messaging addresses.', {
      types: ['aim', 'gtalk', 'icq', 'xmpp', 'msn', 'skype', 'qq', 'yahoo'],
    }),
    definePluralAttribute('photos', 'The addresses of pictures of the user.', {
      value: { type: 'reference', referenceTypes: ['external'] },
      types: ['photo', 'thumbnail'],
    }),
    defineAttribute('addresses', 'The postal addresses.', {
      type: 'complex',
      multiValued: true,
      subAttributes: [
        defineAttribute('formatted', 'The whole address, ready to show.'),
        defineAttribute('streetAddress', 'The street, house and flat.'),
        defineAttribute('locality', 'The city.'),
        defineAttribute('region', 'The state or region.'),
        defineAttribute('postalCode', 'The postal code.'),
        defineAttribute('country', 'The country.'),
        defineAttribute('type', 'What the address is used for.', { canonicalValues: ['work', 'home', 'other'] }),
        defineAttribute('primary', 'Whether this is the preferred address; true at most once.', { type: 'boolean' }),
      ],
    }),
    defineAttribute('groups', 'The groups that the user is a member of; changed through the groups.', {
      type: 'complex',
      multiValued: true,
      mutability: 'readOnly',
      subAttributes: [
        defineAttribute('value', 'The id of the group.', { mutability: 'readOnly' }),
        defineAttribute('$ref', 'The address of the group.', {
          type: 'reference',
          referenceTypes: ['Group'],
          mutability: 'readOnly',
        }),
        defineAttribute('display', 'The name of the group.', { mutability: 'readOnly' }),
        defineAttribute('type', 'How the membership came about.', {
          canonicalValues: ['direct', 'indirect'],
          mutability: 'readOnly',
        }),
      ],
    }),
    definePluralAttribute('entitlements', 'What the identity provider says the user is entitled to; not acted on.'),
    definePluralAttribute('roles', 'Roles that the identity provider names; not acted on.'),
    definePluralAttribute('x509Certificates', 'The certificates of the user.', {
      value: { type: 'binary', caseExact: true },
    }),
  ],
};
