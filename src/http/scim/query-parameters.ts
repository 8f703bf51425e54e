import type { Request } from 'express';
import { sameName } from '../../scim/fold-case.ts';
import { parameterNames } from '../../scim/list-query.ts';
import { badRequest } from '../../scim/scim-error.ts';

/**
 * The query parameters by name; those of the protocol under the name that it gives them, whatever their letter case.
 * Express decodes them as a form, so `+` is a blank, as Entra sends it.
 *
 * @throws ScimError 400 invalidValue for one that is given twice: which of the two is meant cannot be known
 */
export function queryParameters(req: Request): Record<string, string | undefined> {
  const parameters = new Map<string, string>();
  for (const [sent, value] of Object.entries(req.query)) {
    const name = parameterNames.find((known) => sameName(known, sent)) ?? sent;
    if (typeof value !== 'string' || parameters.has(name)) {
      throw badRequest('invalidValue', `The query parameter "${name}" is given more than once; send it once.`);
    }
    parameters.set(name, value);
  }
  return Object.fromEntries(parameters);
}
