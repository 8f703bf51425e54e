import type { Answer } from '../load/http-connection.ts';
import { json, type HttpOperation } from '../load/operations.ts';

/**
 * An answer of Polis in the form that every contender's is judged by. Only where Polis is different by design is it
 * changed; everything else is judged as it came.
 */
export function heardFromPolis({ method, path }: HttpOperation, answer: Answer): Answer {
  const [, type = '', id = ''] = /^\/(Users|Groups)\/?([^/?]*)/.exec(path) ?? [];
  switch (`${method} ${type}`) {
    case 'POST Users':
      // A user is shown as it was sent, with an id and without `meta`.
      return answer.status === 201 ? changed(answer, (user) => ({ ...user, meta: {} })) : answer;
    case 'PATCH Groups':
      // A changed group is shown, without its members, where others send nothing.
      return answer.status === 200 && json(answer)['id'] === id ? { status: 204, body: Buffer.alloc(0) } : answer;
    case 'GET Groups':
      // `members` is always an empty list: what is in a group can be learnt only by its own API.
      return answer.status === 200 ? changed(answer, withoutEmptyMembers) : answer;
    default:
      return answer;
  }
}

function changed(answer: Answer, change: (resource: Record<string, unknown>) => Record<string, unknown>): Answer {
  return { status: answer.status, body: Buffer.from(JSON.stringify(change(json(answer)))) };
}

function withoutEmptyMembers({ members, ...group }: Record<string, unknown>): Record<string, unknown> {
  return Array.isArray(members) && members.length === 0 ? group : { ...group, members };
}
