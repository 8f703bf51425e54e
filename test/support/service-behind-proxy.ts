import { startPostgresProxy, type PostgresProxy } from './postgres-proxy.ts';
import { startService, type TestService } from './service.ts';

/** The service on Postgres as its queue, with a proxy between the app and its database; closing it closes both. */
export async function startServiceBehindProxy(): Promise<{ service: TestService; proxy: PostgresProxy }> {
  const proxies: PostgresProxy[] = [];
  const service = await startService({
    engine: 'postgres',
    databaseThrough: async (url) => {
      const proxy = await startPostgresProxy(url);
      proxies.push(proxy);
      return proxy.url;
    },
  });
  const [proxy] = proxies;
  if (proxy === undefined) throw new Error('the service was not asked to go through the proxy');
  const close = async (): Promise<void> => {
    await service.close();
    await proxy.close();
  };
  return { service: { ...service, close }, proxy };
}
