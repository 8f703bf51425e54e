import { printAccess } from '../print-access.ts';
import { printLine, printTable } from '../print.ts';
import { printSummary } from '../simulate/print-summary.ts';
import type { DemoResult } from './run-demo.ts';

/** The end of the demo for people: requests, one person's access with its reasons, the log, the oracle's judgement. */
export function printResult({ person, log, requests, failedJobs, oracle }: DemoResult): void {
  printHeading('What the identity provider sent');
  printSummary(requests);

  if (person !== null) {
    printHeading(`What ${person.name} (${person.userName}) may do, and why`);
    printAccess(person.access);
  }

  printHeading('The newest entries of the sync log');
  printTable(
    ['time', 'action', 'resource', 'status', 'message'],
    log.map(({ occurredAt, action, resource, status, message }) => [
      occurredAt.slice(11, 19),
      action,
      `${resource.type} ${resource.name ?? resource.id ?? ''}`,
      status,
      shortened(message),
    ]),
    'No entry.',
  );

  printHeading("The oracle's judgement");
  if (failedJobs > 0) printLine(`${failedJobs} jobs failed and wait for a replay: rollcall jobs list --status failed`);
  printLine(
    `${oracle.usersChecked} users and ${oracle.grantsExpected} grants compared with plain SQL over memberships and ` +
      `mappings: ${oracle.drift.length === 0 ? 'no difference' : `${oracle.drift.length} differences`}`,
  );
  if (oracle.drift.length > 0) {
    printTable(
      ['user', 'difference', 'workspace', 'expected', 'stored'],
      oracle.drift.map(({ userName, kind, workspace, expected, actual }) => [
        userName,
        kind,
        workspace,
        expected,
        actual,
      ]),
      '',
    );
  }
}

/** Whether everything that the demo promises held. */
export function succeeded({ requests, failedJobs, oracle }: DemoResult): boolean {
  return requests.unexpected.length === 0 && failedJobs === 0 && oracle.drift.length === 0 && oracle.usersChecked > 0;
}

function printHeading(text: string): void {
  printLine('');
  printLine(text);
}

/** Tables should fit a terminal; the whole message is in the log. */
function shortened(message: string): string {
  return message.length > 72 ? `${message.slice(0, 71)}…` : message;
}
