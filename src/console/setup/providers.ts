export const providerNames = ['okta', 'entra', 'onelogin', 'jumpcloud', 'pingone', 'google'] as const;
export type ProviderName = (typeof providerNames)[number];

/** What goes into a field: a value of this organization, or something that is the same for everybody. */
export type FieldValue = { type: 'base-url' } | { type: 'token' } | { type: 'choice'; text: string };

export interface Step {
  /** Where in the provider's console. */
  title: string;
  text?: string;
  /** The provider's own labels. */
  fields?: readonly { label: string; value: FieldValue }[];
}

export interface Guide {
  /** As the provider calls itself. */
  name: string;
  /** Needs to be known before anything is filled in. */
  notice?: string;
  steps: readonly Step[];
  /** How long it takes until something is to be seen here. */
  pace: string;
}

export const baseUrl: FieldValue = { type: 'base-url' };
export const token: FieldValue = { type: 'token' };

export function choice(text: string): FieldValue {
  return { type: 'choice', text };
}
