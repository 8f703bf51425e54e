import type { Target } from '../load/messages.ts';
import type { Store } from '../stores/store.ts';
import type { OrganizationName } from '../workloads/workload.ts';
import type { SeededOrganization } from '../seed/seed-rollcall.ts';

/** Who takes part in a contest. */
export interface Contender {
  name: string;
  /** The process that answers; null: the load process talks to Postgres itself. */
  servicePid: number | null;
  /** A process that works what the answers left to do. */
  workerPid: number | null;
  target(organization: OrganizationName): Target;
  organization(name: OrganizationName): SeededOrganization;
  databaseUrl: string;
  /** Workloads that it cannot do, by name, each with the reason. */
  leftOut?: Readonly<Record<string, string>>;
  store: Store;
  stop(): Promise<void>;
}
