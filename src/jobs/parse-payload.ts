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

/** The payload is not one that this version knows: trying again cannot help, a replay by a newer version can. */
export class UnknownPayloadError extends Error {
  constructor(issue: string) {
    super(`This version of the service does not understand the job's payload (${issue}).`);
    this.name = 'UnknownPayloadError';
  }
}

/** @throws UnknownPayloadError */
export function parseGroupMembershipPayload(payload: unknown): GroupMembershipPayload {
  return parse(groupMembershipPayload, payload);
}

/** @throws UnknownPayloadError */
export function parseWorkspaceMappingPayload(payload: unknown): WorkspaceMappingPayload {
  return parse(workspaceMappingPayload, payload) as WorkspaceMappingPayload;
}

function parse<T>(schema: z.ZodType<T>, payload: unknown): T {
  const parsed = schema.safeParse(payload);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UnknownPayloadError(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}
