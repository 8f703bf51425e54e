import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchesFilter } from '../../src/scim/evaluate-filter.ts';
import { parseFilter } from '../../src/scim/filter.ts';
import { printFilter } from '../../src/scim/print-filter.ts';
import { groupResourceType, userResourceType } from '../../src/scim/resource-types.ts';
import { ScimError } from '../../src/scim/scim-error.ts';
import { arbitraryFilter } from './arbitrary-filter.ts';
import { arbitraryUser } from './arbitrary-user.ts';

describe('filters, whatever they are', () => {
  test.each([userResourceType, groupResourceType])('printed and parsed again give the same tree ($name)', (type) => {
    fc.assert(
      fc.property(arbitraryFilter(type), (filter) => {
        expect(parseFilter(printFilter(filter), type)).toEqual(filter);
      }),
      { numRuns: 500 },
    );
  });

  test('hold exactly where their negation does not', () => {
    fc.assert(
      fc.property(arbitraryFilter(userResourceType), arbitraryUser, (filter, user) => {
        expect(matchesFilter({ kind: 'not', filter }, user)).toBe(!matchesFilter(filter, user));
      }),
      { numRuns: 500 },
    );
  });

  test('parse or are refused with invalidFilter, for any text', () => {
    const piece = fc.constantFrom(
      ...[
        'userName',
        'emails',
        '[',
        ']',
        '(',
        ')',
        ' ',
        ' eq ',
        ' and ',
        ' or ',
        'not ',
        '"',
        '\\',
        '.',
        ':',
        'pr',
        'null',
      ],
      ...[
        '"x"',
        'true',
        '12',
        'urn:ietf:params:scim:schemas:core:2.0:User',
        '__proto__',
        '\u0000',
        '\ud800',
        'é',
        '$ref',
      ],
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((pieces) => pieces.join('')),
        ),
        (text) => {
          try {
            parseFilter(text, userResourceType);
          } catch (error) {
            expect(error).toBeInstanceOf(ScimError);
            expect((error as ScimError).scimType).toBe('invalidFilter');
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
