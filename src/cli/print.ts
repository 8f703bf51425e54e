import Table from 'cli-table3';

type Cell = string | number | boolean | null | undefined;

/** One JSON document, for other programs. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** A table with a heading; where there are no rows, `whenEmpty` says so. */
export function printTable(headings: string[], rows: Cell[][], whenEmpty: string): void {
  if (rows.length === 0) {
    printLine(whenEmpty);
    return;
  }
  const cells = rows.map((row) => row.map(cell));
  const table = new Table({
    head: headings,
    style: { head: [], border: [], compact: true },
    wordWrap: true,
    colWidths: widthsOf([headings, ...cells], process.stdout.columns),
  });
  table.push(...cells);
  process.stdout.write(`${table.toString()}\n`);
}

/** In a terminal the last column, which holds the longest texts, takes what the others leave; elsewhere all fit. */
function widthsOf(rows: string[][], terminalWidth: number | undefined): (number | null)[] {
  const needed = (rows[0] ?? []).map((_heading, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length + padding)),
  );
  if (terminalWidth === undefined) return needed;
  const left = terminalWidth - needed.slice(0, -1).reduce((sum, width) => sum + width + 1, 2);
  return [...needed.slice(0, -1), Math.max(leastLastColumn, Math.min(left, needed.at(-1) ?? 0))];
}

const padding = 2;
const leastLastColumn = 24;

/** Names and values below each other. */
export function printFields(fields: Record<string, Cell>): void {
  const width = Math.max(...Object.keys(fields).map((name) => name.length)) + 2;
  for (const [name, value] of Object.entries(fields)) {
    process.stdout.write(`${name.padEnd(width)}${cell(value)}\n`);
  }
}

export function printLine(text: string): void {
  process.stdout.write(`${plain(text)}\n`);
}

function cell(value: Cell): string {
  return value === null || value === undefined ? '-' : plain(String(value));
}

/** Names come from outside: what would move the cursor or change colours is shown, not obeyed. */
function plain(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what this is about
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) =>
    JSON.stringify(character)
      .slice(1, -1)
      .replace(/^[\u007f-\u009f]$/, '\ufffd'),
  );
}
