import type { RequestHandler } from 'express';
import { ScimError } from '../../scim/scim-error.ts';

/** @param allowed the methods that the endpoint understands, as `Allow` lists them */
export function methodNotAllowed(allowed: string): RequestHandler {
  return (req, res) => {
    res.set('Allow', allowed);
    throw new ScimError(405, undefined, `${req.method} is not possible here; this endpoint understands ${allowed}.`);
  };
}
