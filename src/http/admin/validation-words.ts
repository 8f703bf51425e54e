import type { z } from 'zod';

/** One thing that is wrong with a request, for `errors` of the problem document. */
export interface FieldError {
  field: string;
  message: string;
}

/**
 * What the checks found, in words for the person who wrote the request.
 *
 * @param whole what to call a finding that concerns no single field: `body` or `query`
 */
export function fieldErrors(error: z.ZodError, whole: string): FieldError[] {
  return error.issues.flatMap((issue) => {
    const field = issue.path.length === 0 ? whole : issue.path.join('.');
    if (issue.code !== 'unrecognized_keys') return [{ field, message: wordsOf(issue) }];
    return issue.keys.map((key) => ({ field: [...issue.path, key].join('.'), message: 'is not known here' }));
  });
}

function wordsOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.message.endsWith('received undefined') ? 'is missing' : `must be ${issue.expected}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `must ${boundOf(issue.origin)} at least ${issue.minimum}${unitOf(issue.origin)}`;
    case 'too_big':
      return `must ${boundOf(issue.origin)} at most ${issue.maximum}${unitOf(issue.origin)}`;
    case 'invalid_format':
      return formats[issue.format] ?? issue.message;
    default:
      return issue.message;
  }
}

const formats: Readonly<Record<string, string>> = {
  datetime: 'must be a time such as 2026-11-24T10:00:00Z',
  uuid: 'must be an id (a UUID)',
};

function boundOf(origin: string): string {
  return origin === 'string' || origin === 'array' ? 'have' : 'be';
}

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters';
  return origin === 'array' ? ' entries' : '';
}
