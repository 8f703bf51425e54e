import type { ScimRequest } from './scim-request.ts';

interface Written {
  id: string;
  version: number;
}

/**
 * The writes of one resource type, the same for a request of its own and for an operation of a bulk request: each is
 * one transaction, leaves one log entry whatever its outcome, and nudges the dispatcher where it has left a job.
 *
 * @template Created what a create answers with
 * @template Changed what a change answers with
 * @template Options `ifMatch`: the version that the resource must have, as the client names it
 */
export interface ResourceOperations<Created extends Written, Changed extends Written, Options> {
  create(request: ScimRequest, body: unknown): Promise<Created>;
  replace(request: ScimRequest, id: string, body: unknown, options: Options): Promise<Changed>;
  patch(request: ScimRequest, id: string, body: unknown, options: Options): Promise<Changed>;
  remove(request: ScimRequest, id: string, options: Options): Promise<void>;
}
