import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Router } from 'express';
import { createApp } from '../../../src/http/app.ts';
import { createMetrics } from '../../../src/http/metrics.ts';
import { hashAdminKey } from '../../../src/platform/admin-key.ts';
import { loadConfig } from '../../../src/platform/config.ts';
import type { Database } from '../../../src/platform/database.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import type { TestOrganization, TestService } from '../../support/service.ts';

/** Another api process on the database of a service, as far as HTTP can tell: its own app, its own memory. */
export async function startSecondProcess(
  service: TestService,
  db: Database = service.db,
): Promise<{ fetch: (organization: TestOrganization, path: string) => Promise<Response>; close(): Promise<void> }> {
  const app = createApp({
    db,
    config: { ...loadConfig({}), publicUrl: 'http://rollcall.test' },
    logger: createLogger({ level: 'silent', role: 'test' }),
    adminKeyHash: hashAdminKey(service.adminKey),
    engine: {
      nudge: () => undefined,
      router: () => Router(),
      depth: async () => ({}) as never,
      ping: async () => undefined,
    },
    metrics: createMetrics(),
    resolveTxt: () => Promise.resolve([]),
  });
  const server = await new Promise<Server>((resolve) => {
    const listening = createServer(app).listen(0, '127.0.0.1', () => resolve(listening));
  });
  const { port } = server.address() as AddressInfo;
  return {
    fetch: (organization, path) =>
      fetch(`http://127.0.0.1:${port}/api/v1/scim/${organization.id}/v2${path}`, {
        headers: { authorization: `Bearer ${organization.token}` },
      }),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
