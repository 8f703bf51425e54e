import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Ory Polis as a library, with the version that is compared. */
export const polisPackage = '@boxyhq/saml-jackson';
export const polisVersion = '26.2.0';

/** What Polis tells its host of each change: `user.created`, `group.user_added` and so on. */
export interface PolisEvent {
  event: string;
  directory_id: string;
  /** Absent: it knows of nobody whom this concerns. */
  data?: unknown;
}

export interface PolisRequest {
  method: string;
  directoryId: string;
  /** `Users` or `Groups`. */
  resourceType: string;
  resourceId: string | undefined;
  apiSecret: string | null;
  body: unknown;
  query: { filter?: string };
}

export interface PolisDirectory {
  id: string;
  tenant: string;
  product: string;
  scim: { secret: string };
}

/** As much of the library as the bench uses. It is installed at run time, so its own types are not there to check by. */
export interface PolisLibrary {
  controllers(options: {
    externalUrl: string;
    samlPath: string;
    noAnalytics: boolean;
    db: { engine: 'sql'; type: 'postgres'; url: string };
  }): Promise<{
    directorySyncController: {
      directories: {
        create(directory: {
          tenant: string;
          product: string;
          type: 'generic-scim-v2';
        }): Promise<{ data: PolisDirectory | null; error: { message: string } | null }>;
      };
      requests: {
        handle(
          request: PolisRequest,
          callback: (event: PolisEvent) => Promise<void>,
        ): Promise<{ status: number; data?: unknown }>;
      };
    };
    close(): Promise<void>;
  }>;
}

/** @param directory that it was installed in, see `install.ts` */
export function loadPolis(directory: string): PolisLibrary {
  return createRequire(join(directory, 'package.json'))(polisPackage) as PolisLibrary;
}
