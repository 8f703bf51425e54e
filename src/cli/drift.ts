import { Command } from 'commander';
import type { DriftReportAnswer } from '../contract/drift.ts';
import { endpoints } from '../contract/endpoints.ts';
import { connect, withConnection, type ClientOptions } from './connection.ts';
import { findOrganizationId } from './find.ts';
import { printJson, printLine, printTable } from './print.ts';
import type { RestClient } from './rest-client.ts';

interface DriftOptions extends ClientOptions {
  organization?: string;
}

interface OrganizationDrift extends Omit<DriftReportAnswer, 'totals' | 'nextCursor'> {
  organizationId: string;
  name: string;
  totals: NonNullable<DriftReportAnswer['totals']>;
}

/** Users whom a table names; `--json` names all. */
const usersInTable = 50;

/** `rollcall drift` */
export function driftCommand(): Command {
  return withConnection(new Command('drift'))
    .description('compare what everybody holds with what groups and mappings say; changes nothing')
    .option('--organization <organization>', 'id or name (default: every one that is provisioned by SCIM)')
    .addHelpText(
      'after',
      '\nExit code 1 when something differs.\n\nExamples:\n  $ rollcall drift\n  $ rollcall drift --organization Acme --json',
    )
    .action(async (options: DriftOptions) => {
      const client = await connect(options);
      const reports: OrganizationDrift[] = [];
      for await (const { id, name } of chosenOrganizations(client, options.organization)) {
        const report = await readDrift(client, id, options.json === true ? Infinity : usersInTable);
        reports.push({ organizationId: id, name, ...report });
      }
      if (options.json) printJson({ items: reports });
      else printReports(reports);
      if (reports.some((report) => report.totals.drifting > 0)) process.exitCode = 1;
    });
}

async function* chosenOrganizations(
  client: RestClient,
  reference: string | undefined,
): AsyncGenerator<{ id: string; name: string }> {
  if (reference !== undefined) {
    const organizationId = await findOrganizationId(client, reference);
    yield await client.call(endpoints.getOrganization, { parameters: { organizationId } });
    return;
  }
  for await (const organization of client.items(endpoints.listOrganizations, { parameters: {} })) {
    if (organization.provisioningMode === 'scim') yield organization;
  }
}

/** The first page has the totals; later pages only add names. */
async function readDrift(
  client: RestClient,
  organizationId: string,
  mostUsers: number,
): Promise<Omit<OrganizationDrift, 'organizationId' | 'name'>> {
  const page = (cursor?: string) =>
    client.call(endpoints.reportDrift, {
      parameters: { organizationId },
      query: { limit: Math.min(mostUsers, 200), ...(cursor !== undefined && { cursor }) },
    });
  const { nextCursor, totals, ...first } = await page();
  if (totals === null) throw new Error('the first page has totals');
  const items = [...first.items];
  for (let cursor = nextCursor; cursor !== null && items.length < mostUsers;) {
    const more = await page(cursor);
    items.push(...more.items);
    cursor = more.nextCursor;
  }
  return { ...first, totals, items };
}

function printReports(reports: OrganizationDrift[]): void {
  printTable(
    ['organization', 'checked', 'drifting', 'missing', 'surplus', 'roles', 'unfinished jobs', 'failed jobs'],
    reports.map(({ name, totals, unfinishedJobs, failedJobs }) => [
      name,
      totals.complete ? totals.checked : `first ${totals.checked}`,
      totals.drifting,
      totals.missing,
      totals.surplus,
      totals.roles,
      unfinishedJobs,
      failedJobs,
    ]),
    'No organization is provisioned by SCIM.',
  );
  for (const { name, items, totals, directorySyncActive } of reports) {
    if (!directorySyncActive) printLine(`${name}: directory sync is not active, so access stays as it is.`);
    if (items.length === 0) continue;
    printLine('');
    printLine(`${name}: ${items.length} of ${totals.drifting} who differ. \`rollcall resync\` repairs.`);
    printTable(
      ['user', 'missing', 'surplus', 'role'],
      items.map(({ userName, workspacesMissing, workspacesSurplus, roleActual, roleDesired }) => [
        userName,
        workspacesMissing.map((workspace) => workspace.name).join(', '),
        workspacesSurplus.map((workspace) => workspace.name).join(', '),
        roleActual === roleDesired ? '' : `${roleActual ?? 'none'}, should be ${roleDesired ?? 'none'}`,
      ]),
      '',
    );
  }
}
