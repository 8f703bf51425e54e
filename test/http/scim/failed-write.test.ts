import { describe, expect, test, vi } from 'vitest';
import { failureClasses } from '../../../src/contract/failure.ts';
import { recordFailure } from '../../../src/http/scim/audited.ts';
import { failureOfWrite } from '../../../src/http/scim/failed-write.ts';
import type { ScimRequest } from '../../../src/http/scim/scim-context.ts';
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

  test('and whose entry cannot be written either is counted, and throws nothing', async () => {
    const countLogWriteFailure = vi.fn();
    const request = {
      caller: {
        organizationId: 'x',
        userNameFormat: 'any',
        cause: { actor: { type: 'scim_token', id: 'x', name: 'x' }, requestId: 'x' },
      },
      requestId: 'x',
      logger: silent,
      metrics: { countLogWriteFailure, countSignInDenial: vi.fn() },
    } as unknown as ScimRequest;
    const away = { query: () => Promise.reject(new Error('away')) } as unknown as Database;
    await recordFailure(away, request, { action: 'CREATE', type: 'User', id: null, body: {} }, new Error('x'));
    expect(countLogWriteFailure).toHaveBeenCalledTimes(1);
  });
});
