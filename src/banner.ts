import type { Config } from './platform/config.ts';
import { placeOf } from './platform/reachability.ts';
import type { Service } from './service.ts';

/** What a person sees when `rollcall serve` is up: where everything is, and on the first start the admin key. */
export function banner(service: Service, config: Config): string {
  const { url, keptAdminKey } = service;
  const rows: [label: string, value: string][] = [
    ['Address', `${url}/`],
    ['API docs', `${url}/api/docs`],
    ['Queues', `${url}/queues`],
    ['Health', `${url}/readyz, ${url}/metrics`],
    ['SCIM', `${url}/api/v1/scim/{organizationId}/v2`],
    [
      'Database',
      config.databaseUrl === null ? `embedded Postgres in ${config.dataDirectory}` : placeOf(config.databaseUrl),
    ],
    [
      'Queue engine',
      config.redisUrl === null ? 'Postgres (the same database)' : `Redis at ${placeOf(config.redisUrl)}`,
    ],
  ];
  if (keptAdminKey === null) rows.push(['Admin key', 'from ROLLCALL_ADMIN_KEY']);
  else if (keptAdminKey.isNew) {
    rows.push(['Admin key', keptAdminKey.value], ['', `shown this once; kept in ${keptAdminKey.file}`]);
  } else rows.push(['Admin key', `in ${keptAdminKey.file}`]);
  const lines = rows.map(([label, value]) => `  ${label.padEnd(14)}${value}`);
  return ['', '  Rollcall is running. Ctrl-C stops it.', '', ...lines, '', ''].join('\n');
}
