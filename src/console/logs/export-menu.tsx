import { Button, Menu } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import type { QueryOf } from '../../contract/endpoint.ts';
import { syncLogEndpoints } from '../../contract/sync-log-endpoints.ts';
import { addressOf } from '../api/call.ts';

type Filters = Omit<QueryOf<typeof syncLogEndpoints.exportSyncLogs>, 'format'>;

/** Downloads everything that the filters of the page let through, however much it is. */
export function ExportMenu({ organizationId, filters }: { organizationId: string; filters: Filters }) {
  const address = (format: 'csv' | 'ndjson'): string =>
    addressOf(syncLogEndpoints.exportSyncLogs, { params: { organizationId }, query: { ...filters, format } });
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={16} aria-hidden />}>
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component="a" href={address('csv')} download>
          CSV, for spreadsheets
        </Menu.Item>
        <Menu.Item component="a" href={address('ndjson')} download>
          NDJSON, for programs
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
