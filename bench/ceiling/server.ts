/**
 * The ceiling: what Express and pg reach when they do the same writes and nothing else. One token that it was started
 * with, no validation, no versions, no conditional requests, no limits, no log of requests, no errors in SCIM's words.
 * It understands exactly the requests that the bench sends.
 */
import express, { type Response } from 'express';
import pg from 'pg';
import { v7 } from 'uuid';
import type { SqlOperation } from '../load/operations.ts';
import * as statements from './statements.ts';

const [databaseUrl = '', portText = '', token = ''] = process.argv.slice(2);
const baseOf = (organizationId: string) => `http://127.0.0.1:${portText}/api/v1/scim/${organizationId}/v2`;

// As many connections as an api process of Rollcall has.
const pool = new pg.Pool({ connectionString: databaseUrl, max: 20, application_name: 'bench-ceiling' });
const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.use((req, res, next) => {
  if (req.headers.authorization === `Bearer ${token}`) next();
  else res.status(401).end();
});
app.use(express.json({ type: ['application/scim+json', 'application/json'], limit: '20mb' }));

interface ResourceRow {
  id: string;
  resource: Record<string, unknown>;
  active?: boolean;
  created_at: Date;
  updated_at: Date;
  members?: string | null;
}

interface PatchBody {
  Operations: [{ value: boolean | { value: string }[] }];
}

const users = '/api/v1/scim/:organizationId/v2/Users';
const groups = '/api/v1/scim/:organizationId/v2/Groups';

app.post(users, async (req, res) => {
  const { organizationId } = req.params;
  const body = req.body as { userName: string; active: boolean };
  const id = v7();
  const [row] = await query<{ created_at: Date }>(
    statements.createUser({ ...body, id, organizationId, resource: JSON.stringify(body) }),
  );
  const at = row?.created_at ?? new Date(0);
  send(
    res.status(201).set('Location', `${baseOf(organizationId)}/Users/${id}`),
    shown(organizationId, 'User', { id, resource: { ...body }, created_at: at, updated_at: at }),
  );
});

app.get(users, async (req, res) => {
  const { organizationId } = req.params;
  const userName = /^userName eq "([^"]*)"$/.exec(req.query['filter'] as string)?.[1] ?? '';
  const rows = await query<ResourceRow>(statements.findUser(organizationId, userName));
  send(res, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults: rows.length,
    startIndex: 1,
    itemsPerPage: rows.length,
    Resources: rows.map((row) => shown(organizationId, 'User', row)),
  });
});

app.get(`${users}/:id`, async (req, res) => {
  const { organizationId, id } = req.params;
  const [row] = await query<ResourceRow>(statements.getUser(organizationId, id));
  sendFound(res, organizationId, 'User', row);
});

app.patch(`${users}/:id`, async (req, res) => {
  const { organizationId, id } = req.params;
  const { Operations } = req.body as PatchBody;
  const [row] = await query<ResourceRow>(statements.setActive(organizationId, id, Operations[0].value === true));
  sendFound(res, organizationId, 'User', row);
});

app.post(groups, async (req, res) => {
  const { organizationId } = req.params;
  const body = req.body as { displayName: string };
  const id = v7();
  const [row] = await query<{ created_at: Date }>(
    statements.createGroup({ ...body, id, organizationId, resource: JSON.stringify(body) }),
  );
  const at = row?.created_at ?? new Date(0);
  send(
    res.status(201).set('Location', `${baseOf(organizationId)}/Groups/${id}`),
    shown(organizationId, 'Group', { id, resource: { ...body }, created_at: at, updated_at: at }),
  );
});

app.patch(`${groups}/:id`, async (req, res) => {
  const { organizationId, id } = req.params;
  const { Operations } = req.body as PatchBody;
  const members = Operations[0].value as { value: string }[];
  await query(
    statements.addMembers(
      organizationId,
      id,
      members.map(({ value }) => value),
    ),
  );
  res.status(204).end();
});

app.put(`${groups}/:id`, async (req, res) => {
  const { organizationId, id } = req.params;
  const { members } = req.body as { members: { value: string }[] };
  const memberIds = members.map(({ value }) => value);
  const client = await pool.connect();
  for (const statement of statements.replaceMembers(organizationId, id, memberIds)) await client.query(statement);
  client.release();
  await sendGroup(res, organizationId, id);
});

app.get(`${groups}/:id`, async (req, res) => {
  const { organizationId, id } = req.params;
  if (req.query['excludedAttributes'] !== 'members') return sendGroup(res, organizationId, id);
  const [row] = await query<ResourceRow>(statements.getGroup(organizationId, id));
  sendFound(res, organizationId, 'Group', row);
});

async function sendGroup(res: Response, organizationId: string, id: string): Promise<void> {
  const [row] = await query<ResourceRow>(
    statements.getGroupWithMembers(organizationId, id, `${baseOf(organizationId)}/Users/`),
  );
  if (row === undefined) {
    res.status(404).end();
    return;
  }
  const head = JSON.stringify(shown(organizationId, 'Group', row)).slice(0, -1);
  res.type('application/scim+json').send(`${head},"members":[${row.members ?? ''}]}`);
}

async function query<T extends pg.QueryResultRow>(statement: SqlOperation): Promise<T[]> {
  return (await pool.query<T>(statement)).rows;
}

function shown(organizationId: string, resourceType: 'User' | 'Group', row: ResourceRow): Record<string, unknown> {
  return {
    ...row.resource,
    id: row.id,
    ...(row.active === undefined ? {} : { active: row.active }),
    meta: {
      resourceType,
      created: row.created_at,
      lastModified: row.updated_at,
      location: `${baseOf(organizationId)}/${resourceType}s/${row.id}`,
    },
  };
}

function sendFound(res: Response, organizationId: string, type: 'User' | 'Group', row: ResourceRow | undefined): void {
  if (row === undefined) res.status(404).end();
  else send(res, shown(organizationId, type, row));
}

function send(res: Response, body: unknown): void {
  res.type('application/scim+json').send(JSON.stringify(body));
}

const server = app.listen(Number(portText), '127.0.0.1', () => console.log('the ceiling is ready'));
server.keepAliveTimeout = 65_000;
process.once('SIGTERM', () => {
  server.closeAllConnections();
  server.close();
  void pool.end().then(() => process.exit(0));
});
