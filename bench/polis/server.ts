/**
 * Ory Polis behind Express: the library's handler of directory sync on the paths that the load process asks, and nothing
 * around it. It has one directory for each organization. What a change is followed by is left to the host of the
 * library, which hears of it by a callback before the answer is given; here it only counts.
 *
 * Words: the directory that the library is installed in, the database, the port, the names of the organizations.
 */
import express from 'express';
import { polisProduct } from './keys.ts';
import { loadPolis, type PolisDirectory, type PolisEvent } from './library.ts';

const [libraryDirectory = '', databaseUrl = '', portText = '', ...organizationNames] = process.argv.slice(2);

const polis = await loadPolis(libraryDirectory).controllers({
  externalUrl: `http://127.0.0.1:${portText}`,
  samlPath: '/saml',
  noAnalytics: true,
  db: { engine: 'sql', type: 'postgres', url: databaseUrl },
});

const { directories: configurations, requests } = polis.directorySyncController;

const directories: PolisDirectory[] = [];
for (const tenant of organizationNames) {
  const directory = { tenant, product: polisProduct, type: 'generic-scim-v2' } as const;
  const { data, error } = await configurations.create(directory);
  if (data === null) throw new Error(error?.message ?? 'no directory');
  directories.push(data);
}

/** Events about users, by directory. */
const concerned = new Map<string, number>();
const callback = async ({ event, directory_id: id, data }: PolisEvent): Promise<void> => {
  const isAboutUser = event.startsWith('user.') || event.startsWith('group.user_');
  if (isAboutUser && data !== undefined) concerned.set(id, (concerned.get(id) ?? 0) + 1);
};

const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.use(express.json({ type: ['application/scim+json', 'application/json'], limit: '20mb' }));

// For the judge, who needs to know what the load process must not slow down.
app.get('/directories', (_, res) => void res.json(directories));
app.get('/directories/:id/concerned', (req, res) => void res.json(concerned.get(req.params.id) ?? 0));

app.all('/api/v1/scim/:directoryId/v2/:resourceType{/:resourceId}', async (req, res) => {
  const { directoryId, resourceType, resourceId } = req.params;
  const { filter } = req.query;
  const { status, data } = await requests.handle(
    {
      method: req.method,
      directoryId,
      resourceType,
      resourceId,
      apiSecret: req.headers.authorization?.replace(/^Bearer /, '') ?? null,
      body: req.body as unknown,
      query: typeof filter === 'string' ? { filter } : {},
    },
    callback,
  );
  res.status(status).type('application/scim+json').send(JSON.stringify(data));
});

const server = app.listen(Number(portText), '127.0.0.1', () => console.log('polis is ready'));
server.keepAliveTimeout = 65_000;
process.once('SIGTERM', () => {
  server.closeAllConnections();
  server.close();
  void polis.close().then(() => process.exit(0));
});
