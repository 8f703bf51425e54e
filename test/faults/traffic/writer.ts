import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../../src/cli/simulate/random.ts';
import type { Doubt, OrganizationModel } from './model.ts';
import { exchange, type Exchange } from './requests.ts';

/** One change that a lane makes. */
export interface Write {
  kind: 'scim' | 'admin';
  what: string;
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the SCIM base URL, or below `/api/v1/organizations/<id>`. */
  path: string;
  body?: unknown;
  /** Makes the model what it is after the change; called when it is acknowledged, or found to have happened. */
  apply: (resourceId: string, answer: Record<string, unknown>) => void;
  /** Answers that say the change was refused and nothing happened, as it should be. */
  refusals?: readonly number[];
  /**
   * Answers that, to a repetition of a request whose answer was lost, say that it had happened: 404 to a deletion. For a
   * creation the caller looks the resource up.
   */
  happened?: readonly number[];
  /** The objects that nobody changes any more when the outcome stays unknown; none: it is repeated until it is known. */
  concerns: readonly { doubt: Doubt | undefined }[];
}

export type WriteOutcome = 'done' | 'refused' | 'in-doubt' | 'stopped';

export interface WriterContext {
  apiUrls: readonly string[];
  adminKey: string;
  random: Random;
  /** Unique within the run; the beginning of every request id. */
  tag: string;
  onExchange: (one: Exchange) => void;
  /** Told of every request as it is sent. */
  onSend: (answer: Promise<Exchange>) => void;
  onViolation: (problem: string) => void;
  /** The traffic is over, and what cannot be sent need not be. */
  isOver: () => boolean;
}

export interface Writer {
  write(organization: OrganizationModel, write: Write): Promise<WriteOutcome>;
  /** A read; undefined when there was no answer below 500. */
  read(
    organization: OrganizationModel,
    read: { kind: 'scim' | 'admin'; path: string; what: string },
  ): Promise<Exchange | undefined>;
}

/** An identity provider repeats what got no answer; not at once, or a request could overtake the one before it. */
const repeatAfterMs = 300;

/** Sends the requests of one lane, one after the other, as identity providers and admins do. */
export function createWriter(context: WriterContext): Writer {
  const { apiUrls, adminKey, random, tag, onExchange, onSend, onViolation, isOver } = context;
  let count = 0;

  const send = async (
    organization: OrganizationModel,
    request: { kind: 'scim' | 'admin'; isRead?: boolean; method: string; path: string; what: string; body?: unknown },
  ): Promise<Exchange> => {
    count += 1;
    const isScim = request.kind === 'scim';
    const base = isScim ? `/api/v1/scim/${organization.id}/v2` : `/api/v1/organizations/${organization.id}`;
    const answer = exchange({
      url: `${random.pick(apiUrls)}${base}${request.path}`,
      token: isScim ? organization.token : adminKey,
      requestId: `${tag}-${count}`,
      organizationId: organization.id,
      what: request.what,
      kind: request.isRead === true ? 'read' : request.kind,
      method: request.method,
      body: request.body,
    });
    onSend(answer);
    const made = await answer;
    onExchange(made);
    return made;
  };

  return {
    async read(organization, read) {
      const made = await send(organization, { ...read, isRead: true, method: 'GET' });
      return typeof made.status === 'number' && made.status < 500 ? made : undefined;
    },
    async write(organization, write) {
      const lost: string[] = [];
      for (;;) {
        const made = await send(organization, write);
        const { status, requestId, body } = made;
        if (status === 'refused') {
          if (isOver() && lost.length === 0) return 'stopped';
        } else if (status === 'lost' || status >= 500) {
          if (status !== 'lost' && status !== 503) onViolation(`${write.what} was answered ${status} (${requestId})`);
          lost.push(requestId);
          // Half of them stay in doubt, so that the log alone decides; the others are repeated until they are answered.
          if (write.concerns.length > 0 && random.integer(2) === 0) {
            const doubt: Doubt = { requestIds: lost, apply: (resourceId) => write.apply(resourceId, {}) };
            for (const object of write.concerns) object.doubt = doubt;
            return 'in-doubt';
          }
          await sleep(repeatAfterMs);
        } else if (status < 300) {
          write.apply(typeof body['id'] === 'string' ? body['id'] : '', body);
          return 'done';
        } else if (write.refusals?.includes(status) === true) {
          return 'refused';
        } else if (lost.length > 0 && write.happened?.includes(status) === true) {
          const doubt: Doubt = { requestIds: lost, apply: (resourceId) => write.apply(resourceId, {}) };
          for (const object of write.concerns) object.doubt = doubt;
          return 'in-doubt';
        } else if (status === 401 && organization.changesMode && write.kind === 'scim') {
          // Without its mode an organization has no token; the admin's lane brings the next one.
          await sleep(30);
          if (isOver() && lost.length === 0) return 'stopped';
        } else {
          onViolation(`${write.what} was answered ${status} (${requestId}): ${JSON.stringify(body).slice(0, 300)}`);
          return 'refused';
        }
      }
    },
  };
}
