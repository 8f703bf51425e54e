import { Button, Group, Table, UnstyledButton } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconArrowsSort, IconChevronLeft, IconChevronRight } from '@tabler/icons-react';
import type { UseQueryResult } from '@tanstack/react-query';
import type { KeyboardEvent, MouseEvent, ReactNode } from 'react';
import { ErrorState } from './error-state.tsx';
import { LoadingState } from './loading-state.tsx';
import classes from './paged-table.module.css';
import { usePaging } from './paging.ts';
import { useSearchChange } from './search-change.ts';

export interface Column<Row> {
  header: string;
  cell: (row: Row) => ReactNode;
  /** The value of the API's `sort`; left out: this column cannot be sorted by. */
  sort?: string;
  /** CSS; left out: as much as the content needs. */
  width?: string;
}

/**
 * A table whose pages, order and search are done by the server. Everything that the reader chose is in the address:
 * `cursor`, `sort` and `order`. On a phone each row becomes a small card.
 *
 * @param page the query of this page, best with `placeholderData: keepPreviousData` so that nothing flickers
 * @param onOpen opens a row; it is then a button for mouse and keyboard
 */
export function PagedTable<Row>({
  label,
  columns,
  page,
  rowKey,
  empty,
  onOpen,
  openRow,
  sort,
  order = 'asc',
}: {
  label: string;
  columns: readonly Column<Row>[];
  page: UseQueryResult<{ items: readonly Row[]; nextCursor: string | null }>;
  rowKey: (row: Row) => string;
  empty: ReactNode;
  onOpen?: (row: Row) => void;
  /** Key of the row whose details are open. */
  openRow?: string | undefined;
  /** What the page is sorted by, where the address does not say it the API's default. */
  sort?: string;
  order?: 'asc' | 'desc';
}) {
  const paging = usePaging();
  const { data } = page;
  if (data === undefined) {
    if (page.error !== null) return <ErrorState error={page.error} onRetry={() => void page.refetch()} />;
    return <LoadingState lines={8} />;
  }
  return (
    <>
      {page.error !== null && <ErrorState error={page.error} onRetry={() => void page.refetch()} />}
      {data.items.length === 0 && paging.isFirst ? (
        empty
      ) : (
        <Table
          aria-label={label}
          role="table"
          className={classes.table}
          highlightOnHover={onOpen !== undefined}
          verticalSpacing="sm"
          data-stale={page.isPlaceholderData || undefined}
        >
          <Table.Thead role="rowgroup">
            <Table.Tr role="row">
              {columns.map((column) => (
                <HeaderCell key={column.header} column={column} sorted={column.sort === sort ? order : null} />
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody role="rowgroup">
            {data.items.map((row) => (
              <Table.Tr
                key={rowKey(row)}
                role="row"
                data-open={rowKey(row) === openRow || undefined}
                {...(onOpen === undefined ? {} : rowActions(() => onOpen(row)))}
              >
                {columns.map(({ header, cell }) => (
                  <Table.Td key={header} role="cell" data-label={header}>
                    {cell(row)}
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {(!paging.isFirst || data.nextCursor !== null) && (
        <Group component="nav" aria-label={`Pages of ${label}`} justify="flex-end" gap="xs" mt="md">
          <Button
            variant="default"
            size="xs"
            disabled={paging.isFirst}
            onClick={paging.previous}
            leftSection={<IconChevronLeft size={14} aria-hidden />}
          >
            Previous
          </Button>
          <Button
            variant="default"
            size="xs"
            disabled={data.nextCursor === null || page.isPlaceholderData}
            onClick={() => data.nextCursor !== null && paging.next(data.nextCursor)}
            rightSection={<IconChevronRight size={14} aria-hidden />}
          >
            Next
          </Button>
        </Group>
      )}
    </>
  );
}

function HeaderCell<Row>({ column, sorted }: { column: Column<Row>; sorted: 'asc' | 'desc' | null }) {
  const change = useSearchChange();
  const { header, sort: name, width } = column;
  const style = width === undefined ? {} : { w: width };
  if (name === undefined) {
    return (
      <Table.Th role="columnheader" {...style}>
        {header}
      </Table.Th>
    );
  }
  const direction = ({ asc: 'ascending', desc: 'descending' } as const)[sorted ?? 'asc'];
  const Sign = sorted === null ? IconArrowsSort : sorted === 'asc' ? IconArrowUp : IconArrowDown;
  return (
    <Table.Th role="columnheader" aria-sort={sorted === null ? 'none' : direction} {...style}>
      <UnstyledButton
        className={classes.sort}
        onClick={() => change({ sort: name, order: sorted === 'asc' ? 'desc' : 'asc' })}
      >
        {header} <Sign size={14} aria-hidden />
      </UnstyledButton>
    </Table.Th>
  );
}

/** A whole row as one target; what stands in it and does something of its own keeps doing that. */
function rowActions(open: () => void) {
  return {
    tabIndex: 0,
    className: classes.openable,
    onClick: (event: MouseEvent<HTMLElement>) => {
      const target = event.target as HTMLElement;
      const hasSelection = (getSelection()?.toString() ?? '') !== '';
      if (target.closest('a, button, input, [role="button"]') === null && !hasSelection) open();
    },
    onKeyDown: (event: KeyboardEvent<HTMLElement>) => {
      if (event.key !== 'Enter' || event.target !== event.currentTarget) return;
      event.preventDefault();
      open();
    },
  };
}
