export const providerNames = ['okta', 'entra', 'onelogin', 'jumpcloud', 'pingone', 'google'] as const;
export type ProviderName = (typeof providerNames)[number];
