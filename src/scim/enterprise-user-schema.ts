import { defineAttribute, type SchemaDefinition } from './schema.ts';
import { enterpriseUserUrn } from './urns.ts';

/** The enterprise extension of User (RFC 7643 sections 4.3 and 8.7.1). */
export const enterpriseUserSchema: SchemaDefinition = {
  id: enterpriseUserUrn,
  name: 'EnterpriseUser',
  description: 'What an employer knows about a user.',
  attributes: [
    defineAttribute('employeeNumber', 'The number that the employer gave to the person.'),
    defineAttribute('costCenter', 'The cost center.'),
    defineAttribute('organization', 'The organization.'),
    defineAttribute('division', 'The division.'),
    defineAttribute('department', 'The department.'),
    defineAttribute('manager', "The user's manager.", {
      type: 'complex',
      subAttributes: [
        defineAttribute('value', 'The id of the manager.'),
        defineAttribute('$ref', 'The address of the manager.', { type: 'reference', referenceTypes: ['User'] }),
        defineAttribute('displayName', 'The name of the manager.', { mutability: 'readOnly' }),
      ],
    }),
  ],
};
