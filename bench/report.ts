import type { Contest, Standing } from './contest.ts';

/** A markdown table; numbers are aligned to the right. */
export function printTable(title: string, head: readonly string[], rows: readonly (readonly string[])[]): void {
  console.log(`\n### ${title}\n`);
  console.log(`| ${head.join(' | ')} |`);
  console.log(
    `|---|${head
      .slice(1)
      .map(() => '---:')
      .join('|')}|`,
  );
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
}

const head = [
  '',
  'requests/s',
  'p50 ms',
  'p95',
  'p99',
  'CPU ms service',
  'Postgres',
  'worker',
  'RSS MB',
  'of ceiling',
  'of limit',
  'of polis',
  'of before',
  'load CPU',
];

export function printContest({ title, connections, standings }: Contest): void {
  printTable(`${title}, c = ${connections}`, head, standings.map(row));
}

function row(standing: Standing): string[] {
  const { latencyMs, serviceMemoryMb, workerMemoryMb } = standing;
  const memory = [serviceMemoryMb, workerMemoryMb].filter((megabytes) => megabytes > 0).map((mb) => mb.toFixed(0));
  return [
    standing.contender,
    digits(standing.perSecond),
    ...[latencyMs.p50, latencyMs.p95, latencyMs.p99].map(digits),
    standing.serviceCpuMs > 0 ? digits(standing.serviceCpuMs) : '',
    digits(standing.postgresCpuMs),
    standing.workerCpuMs > 0 ? digits(standing.workerCpuMs) : '',
    memory.join(' + '),
    standing.ofCeiling?.toFixed(2) ?? '',
    standing.ofLimit?.toFixed(2) ?? '',
    standing.ofPolis?.toFixed(2) ?? '',
    standing.ofBefore?.toFixed(2) ?? '',
    `${Math.round(standing.loadCpuShare * 100)} %`,
  ];
}

/** Three digits that count. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return '-';
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return value.toPrecision(value >= 10 ? 3 : 2);
}

/** The targets of the ingress: at least this share of the ceiling's rate, at most so many times its CPU. */
const targets = { rate: 0.9, cpu: 1.15 };

/** How each workload stands to the targets, worst first. */
export function printTargets(contests: readonly Contest[]): void {
  const rows = contests.flatMap(({ title, connections, standings }) => {
    const ceiling = standings.find(({ contender }) => contender === 'ceiling');
    return standings
      .filter(({ contender, ofCeiling }) => contender.startsWith('rollcall') && ofCeiling !== null)
      .map((standing) => {
        const rate = standing.ofCeiling ?? 0;
        const cpu = ceiling === undefined ? Number.NaN : standing.serviceCpuMs / ceiling.serviceCpuMs;
        const postgres = ceiling === undefined ? Number.NaN : standing.postgresCpuMs / ceiling.postgresCpuMs;
        return { name: `${title}, c = ${connections}: ${standing.contender}`, rate, cpu, postgres };
      });
  });
  if (rows.length === 0) return;
  printTable(
    `Targets: at least ${targets.rate} of the ceiling's rate, at most ${targets.cpu} of its CPU`,
    ['', 'rate', 'CPU service', 'CPU Postgres', ''],
    rows
      .toSorted((one, other) => one.rate - other.rate)
      .map(({ name, rate, cpu, postgres }) => [
        name,
        ...[rate, cpu, postgres].map((value) => value.toFixed(2)),
        rate >= targets.rate && cpu <= targets.cpu ? 'met' : 'not met',
      ]),
  );
}
