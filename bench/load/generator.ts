/**
 * The load process: sends the operations of a workload and judges every answer. Connections are kept between runs, as a
 * provider and a service's pool keep theirs.
 */
import pg from 'pg';
import { heardFromPolis } from '../polis/answers.ts';
import { operationsOf } from '../workloads/all.ts';
import { HttpConnection } from './http-connection.ts';
import type { HttpTarget, LoadReply, LoadRequest, Target } from './messages.ts';
import type { Operations } from './operations.ts';
import { runLoad } from './run-load.ts';

const httpLanes = new Map<string, HttpConnection[]>();
const sqlLanes = new Map<string, pg.Client[]>();

type Perform = (lane: number, index: number) => Promise<string | undefined>;

async function performOver(target: Target, connections: number, operations: Operations): Promise<Perform> {
  if (target.kind === 'http') {
    const lanes = await openHttp(target, connections);
    return async (lane, index) => {
      const operation = operations.http(index);
      const { method, path, body, organization = 0 } = operation;
      const { basePath, token } = at(target.organizations, organization);
      const answer = await at(lanes, lane).send(method, `${basePath}${path}`, token, body);
      return operations.judge(index, target.dialect === 'polis' ? heardFromPolis(operation, answer) : answer);
    };
  }
  const { sql, judgeRows } = operations;
  if (sql === undefined || judgeRows === undefined) throw new Error('this workload has no SQL of its own');
  const lanes = await openSql(target.databaseUrl, connections);
  return async (number, index) => {
    const lane = at(lanes, number);
    let rows: Record<string, unknown>[] = [];
    for (const statement of [sql(index)].flat()) {
      const result = await lane.query<Record<string, unknown>>(statement);
      if (result.rows.length > 0) ({ rows } = result);
    }
    return judgeRows(index, rows);
  };
}

async function openHttp({ host, ports }: HttpTarget, count: number): Promise<HttpConnection[]> {
  const key = `${host}:${ports.join(',')}`;
  const lanes = httpLanes.get(key) ?? [];
  for (let lane = 0; lane < count; lane += 1) {
    if (lanes[lane]?.closed !== false) lanes[lane] = await HttpConnection.open(host, at(ports, lane % ports.length));
  }
  httpLanes.set(key, lanes);
  return lanes;
}

async function openSql(databaseUrl: string, count: number): Promise<pg.Client[]> {
  const lanes = sqlLanes.get(databaseUrl) ?? [];
  while (lanes.length < count) {
    const client = new pg.Client({ connectionString: databaseUrl, application_name: 'bench-limit' });
    client.on('error', () => undefined); // told by the query as well
    await client.connect();
    lanes.push(client);
  }
  sqlLanes.set(databaseUrl, lanes);
  return lanes;
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error(`there is no number ${index} of ${list.length}`);
  return item;
}

function reply(message: LoadReply): void {
  process.send?.(message);
}

async function run(request: LoadRequest): Promise<void> {
  const operations = operationsOf(request.workload, request.parameters);
  const perform = await performOver(request.target, request.connections, operations);
  reply({ kind: 'ready' });
  await new Promise<void>((resolve) => process.once('message', () => resolve()));
  const before = process.cpuUsage();
  const result = await runLoad(request.connections, request, perform);
  const { user, system } = process.cpuUsage(before);
  reply({ kind: 'done', result, cpuMs: (user + system) / 1_000 });
}

function listen(): void {
  process.once('message', (request: LoadRequest) => {
    run(request)
      .catch((error: unknown) => reply({ kind: 'failed', message: String(error) }))
      .finally(listen);
  });
}

process.on('disconnect', () => process.exit());
listen();
reply({ kind: 'ready' });
