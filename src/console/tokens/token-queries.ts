import { queryOptions } from '@tanstack/react-query';
import type { AnswerOf } from '../../contract/endpoint.ts';
import { provisioningEndpoints } from '../../contract/provisioning.ts';
import { call } from '../api/call.ts';

export type ScimToken = AnswerOf<typeof provisioningEndpoints.listScimTokens>['items'][number];

/** How often to look whether a token that was issued lately has been used. */
const lookAgainMs = 5_000;

/** The tokens that work now, newest first: two at most, while a rotation lasts. */
export function scimTokensQuery(organizationId: string) {
  return queryOptions({
    queryKey: ['scim-tokens', organizationId],
    queryFn: async ({ signal }) => {
      const { items } = await call(provisioningEndpoints.listScimTokens, { params: { organizationId }, signal });
      return items.toSorted((a, b) => b.createdAt.localeCompare(a.createdAt));
    },
    refetchInterval: ({ state: { data = [] } }) =>
      data.length > 1 || data.some(({ firstUsedAt }) => firstUsedAt === null) ? lookAgainMs : false,
  });
}
