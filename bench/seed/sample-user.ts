/** A user as Okta sends one. `suffix` keeps the names of two organizations apart: an address belongs to one user. */
export function sampleUser(number: number, suffix: string): Record<string, unknown> {
  const userName = userNameOf(number, suffix);
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName,
    name: { givenName: `Given${number}`, familyName: `Family${number}` },
    emails: [{ primary: true, value: userName, type: 'work' }],
    displayName: `Given${number} Family${number}`,
    title: 'Engineer',
    locale: 'en-US',
    externalId: `00u${suffix}${number}`,
    active: true,
  };
}

export function userNameOf(number: number, suffix: string): string {
  return `user${number}@${suffix}.example`;
}
