import { describe, expect, test, vi } from 'vitest';
import { failureClasses } from '../../../src/contract/failure.ts';
import { failureOfWrite } from '../../../src/http/scim/failed-write.ts';
import { recordFailure } from '../../../src/http/scim/record-failure.ts';
import type { ScimRequest } from '../../../src/http/scim/scim-request.ts';
import type { Database } from '../../../src/platform/database.ts';
import { ScimError, type ScimType } from '../../../src/scim/scim-error.ts';
import { silent } from '../../queue/harness.ts';

describe('a SCIM write that failed', () => {
  test.each<[number, ScimType | undefined, string]>([
    [400, 'invalidValue', 'identity-provider'],
    [400, 'invalidSyntax', 'identity-provider'],
    [403, undefined, 'admin'],
    [404, undefined, 'identity-provider'],
    [409, 'uniqueness', 'identity-provider'],
    [409, undefined, 'admin'],
    [412, undefined, 'identity-provider'],
    [413, undefined, 'identity-provider'],
    [429, undefined, 'retry'],
    [500, undefined, 'admin'],
    [503, undefined, 'retry'],
  ])('with %s %s waits for: %s', (status, scimType, turn) => {
    const failure = failureOfWrite(new ScimError(status, scimType, 'No.'));
    expect(failure.class).toBe(turn);
    expect(failureClasses).toContain(failure.class);
    expect(failure.advice).toMatch(/^[A-Z].*\.$/);
  });

  test('and whose entry cannot be written either is kept for later, and throws nothing', async () => {
    const add = vi.fn();
    const request = {
      caller: {
        organizationId: 'x',
        userNameFormat: 'any',
        cause: { actor: { type: 'scim_token', id: 'x', name: 'x' }, requestId: 'x' },
        entryId: 'the entry',
      },
      requestId: 'x',
      logger: silent,
      logDb: { query: () => Promise.reject(new Error('away')) } as unknown as Database,
      lateEntries: { add },
      stands: null,
    } as unknown as ScimRequest;
    const failed = { action: 'CREATE', type: 'User', id: null, body: {}, error: new Error('x') } as const;
    expect(await recordFailure(request, failed)).toEqual({ kind: 'later' });
    expect(add).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ id: 'the entry', status: 'FAILED' }), null);
  });
});
