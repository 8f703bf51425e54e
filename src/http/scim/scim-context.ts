import type { Request, Response } from 'express';
import type { DirectoryCaller } from '../../directory/caller.ts';
import type { ScimCaller } from '../../provisioning/authenticate-scim.ts';
import { contextOf } from '../request-context.ts';

/** The content type of every answer (RFC 7644 section 8.1). */
export const scimMediaType = 'application/scim+json';

/** Where the SCIM resources of an organization live, without a slash at the end. */
export function scimBaseUrl(publicUrl: string, organizationId: string): string {
  return `${publicUrl}/api/v1/scim/${organizationId}/v2`;
}

/** Remembers who was authenticated; only `authenticate` calls it. */
export function setCaller(res: Response, caller: ScimCaller): void {
  res.locals['scimCaller'] = caller;
}

/** The identity provider behind this request, as the directory knows it. */
export function callerOf(res: Response): DirectoryCaller {
  const { organizationId, tokenId, tokenName, userNameFormat } = res.locals['scimCaller'] as ScimCaller;
  return {
    organizationId,
    userNameFormat,
    cause: {
      actor: { type: 'scim_token', id: tokenId, name: tokenName },
      requestId: contextOf(res).requestId,
    },
  };
}

/** A path parameter that the route's pattern guarantees. */
export function pathId(req: Request): string {
  const { id } = req.params;
  return typeof id === 'string' ? id : '';
}
