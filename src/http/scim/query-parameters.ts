import type { Request } from 'express';
import { badRequest } from '../../scim/scim-error.ts';

/**
 * The query parameters by name. Express decodes them as a form, so `+` is a blank, as Entra sends it.
 *
 * @throws ScimError 400 invalidValue for one that is given twice: which of the two is meant cannot be known
 */
export function queryParameters(req: Request): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(req.query).map(([name, value]) => {
      if (typeof value === 'string') return [name, value];
      throw badRequest('invalidValue', `The query parameter "${name}" is given more than once; send it once.`);
    }),
  );
}
