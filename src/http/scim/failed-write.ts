import { failureClassWords, type FailureAnswer } from '../../contract/failure.ts';
import type { ScimError } from '../../scim/scim-error.ts';

type Advice = FailureAnswer;

/** Whose turn it is after a refused write, by what the provider was answered; the first row that matches. */
const table: readonly (Advice & { status: RegExp; scimType?: string })[] = [
  {
    status: /^409$/,
    scimType: 'uniqueness',
    code: 'already-in-use',
    class: 'identity-provider',
    advice:
      'Give the person another address or identifier there, or let the provider match the existing one; where an admin invited that person by hand, the provider finds and updates it by id.',
  },
  {
    status: /^409$/,
    code: 'conflict',
    class: 'admin',
    advice: 'The settings of the organization forbid this: change what the message names, then let the provider retry.',
  },
  {
    status: /^(401|403)$/,
    code: 'not-allowed',
    class: 'admin',
    advice: 'Mend what the message names under "Identity and access"; the next attempt of the provider then succeeds.',
  },
  {
    status: /^404$/,
    code: 'unknown-resource',
    class: 'identity-provider',
    advice:
      'It holds an id that is not here, or not any more: have it look the person or group up again (restart provisioning there), which creates what is missing.',
  },
  {
    status: /^412$/,
    code: 'outdated-version',
    class: 'identity-provider',
    advice: 'It changed an older version: it has to read the resource again and repeat the change, as providers do.',
  },
  {
    status: /^413$/,
    code: 'too-large',
    class: 'identity-provider',
    advice: 'Have it send less in one request, for example by assigning large groups in parts.',
  },
  {
    status: /^(408|429|503)$/,
    code: 'try-again',
    class: 'retry',
    advice: 'Nothing needs doing: the provider repeats the request by itself.',
  },
  {
    status: /^4/,
    code: 'unacceptable-request',
    class: 'identity-provider',
    advice: 'Correct the attribute mapping or the value that the message names there; it then sends the change again.',
  },
  {
    status: /^/,
    code: 'unexpected',
    class: 'admin',
    advice: 'Look for the request id in the log of the service; the provider repeats the change in the meantime.',
  },
];

/** Whose turn it is after a SCIM write failed, the provider's or an admin's, and with what. */
export function failureOfWrite(answer: Pick<ScimError, 'status' | 'scimType'>): Advice {
  const row = table.find(
    ({ status, scimType }) =>
      status.test(String(answer.status)) && (scimType === undefined || scimType === answer.scimType),
  );
  if (row === undefined) throw new Error('the last row takes everything');
  return { code: row.code, class: row.class, advice: row.advice };
}

/** The message of the FAILED entry: what the provider was answered, whose turn it is, and what to do. */
export function messageOfFailedWrite(detail: string, { class: turn, advice }: Advice): string {
  return `${detail} ${failureClassWords[turn]}. ${advice}`;
}
