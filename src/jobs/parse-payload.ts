import { z } from 'zod';
import type { GroupMembershipPayload, WorkspaceMappingPayload } from './job.ts';

const groupMembershipPayload = z.object({ userIds: z.array(z.uuid()).min(1) });

const workspaceMappingPayload = z.discriminatedUnion('scope', [
  z.object({ scope: z.literal('group'), groupId: z.uuid(), afterUserId: z.uuid().optional() }),
  z.object({
    scope: z.literal('organization'),
    reason: z.string(),
    onlyDrift: z.boolean().optional(),
    afterUserId: z.uuid().optional(),
  }),
]);

/**
 * The job is of a kind that this version does not know: a newer one added it, and a worker of that version will do it.
 * Until one asks for it, it waits.
 */
export class NewerJobError extends Error {
  constructor(kind: string) {
    super(`A newer version of the service added this job (${kind}), and this one does not know how to do it.`);
    this.name = 'NewerJobError';
  }
}

/**
 * The payload is of a kind that this version knows, and still not right: trying again cannot help, a replay by a newer
 * version can.
 */
export class UnknownPayloadError extends Error {
  constructor(issue: string) {
    super(`This version of the service does not understand the job's payload (${issue}).`);
    this.name = 'UnknownPayloadError';
  }
}

/** @throws NewerJobError, UnknownPayloadError */
export function parseGroupMembershipPayload(payload: unknown): GroupMembershipPayload {
  requireKnownKind(payload, ({ userIds }) => userIds !== undefined);
  return parse(groupMembershipPayload, payload);
}

/** @throws NewerJobError, UnknownPayloadError */
export function parseWorkspaceMappingPayload(payload: unknown): WorkspaceMappingPayload {
  requireKnownKind(payload, ({ scope }) => scope === 'group' || scope === 'organization');
  return parse(workspaceMappingPayload, payload) as WorkspaceMappingPayload;
}

/**
 * Payloads may gain fields, which this version passes over. A new kind of job has a name in `kind`, of which this version
 * knows none, or lacks what tells a known kind.
 */
function requireKnownKind(payload: unknown, isKnown: (fields: Record<string, unknown>) => boolean): void {
  const fields = typeof payload === 'object' && payload !== null ? (payload as Record<string, unknown>) : {};
  if (fields['kind'] === undefined && isKnown(fields)) return;
  const { kind = fields['scope'] } = fields;
  // It is shown to people, so only a word may be.
  throw new NewerJobError(typeof kind === 'string' && /^[\w-]{1,60}$/.test(kind) ? kind : 'unnamed');
}

function parse<T>(schema: z.ZodType<T>, payload: unknown): T {
  const parsed = schema.safeParse(payload);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UnknownPayloadError(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}
