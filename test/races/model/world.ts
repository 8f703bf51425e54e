import type { Scheduler } from 'fast-check';
import { History } from './history.ts';

/** A resource as the clients know it. */
export interface Known {
  readonly id: string;
  /** Deletions that were sent: from the first on others may find it gone already, and of two one does. */
  deletions: number;
  /** Its deletion was acknowledged. */
  isGone: boolean;
}

/** A place for one resource; commands name places, because ids are known only as a run goes on. */
type Places = (Known | undefined)[];

/** What all clients of one run know together, and the whole of what they have done. */
export class World {
  readonly history = new History();
  readonly users: Known[] = [];
  readonly groups: Known[] = [];
  readonly workspaces: Known[] = [];
  readonly places = { user: [] as Places, group: [] as Places, workspace: [] as Places };
  /** From the first time that SCIM is left: requests may meet a token that is revoked. */
  mayBeLocked = false;
  /** One change of the provisioning mode at a time: a token is shown once, to whoever selected SCIM. */
  isChangingMode = false;
  private readonly scheduler: Scheduler;
  private names = 0;

  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler;
  }

  /** Waits until it is this request's turn; the seed decides the order among those that want to be sent. */
  async turn(title: string): Promise<number> {
    await this.scheduler.schedule(Promise.resolve(), title);
    return this.history.send();
  }

  /** A name that nobody has. */
  freshName(): string {
    this.names += 1;
    return `n${this.names}`;
  }

  add(kind: keyof World['places'], place: number, id: string): void {
    const known: Known = { id, deletions: 0, isGone: false };
    this.places[kind][place] = known;
    this.all(kind).push(known);
  }

  at(kind: keyof World['places'], place: number): Known | undefined {
    return this.places[kind][place];
  }

  all(kind: keyof World['places']): Known[] {
    return kind === 'user' ? this.users : kind === 'group' ? this.groups : this.workspaces;
  }

  /** Whether a place is free for a new resource. */
  isFree(kind: keyof World['places'], place: number): boolean {
    const known = this.at(kind, place);
    return known === undefined || mayBeGone(known);
  }

  /** The resources at these places, without empty ones. */
  some(kind: keyof World['places'], places: readonly number[]): Known[] {
    return [...new Set(places)].flatMap((place) => this.at(kind, place) ?? []);
  }
}

export const mayBeGone = ({ deletions }: Known): boolean => deletions > 0;

export const member = (group: Known, user: Known): string => `member ${group.id} ${user.id}`;
export const active = (user: Known): string => `active ${user.id}`;
export const nameOf = (resource: Known): string => `name ${resource.id}`;
export const mapping = (group: Known): string => `mapping ${group.id}`;
export const manualGrant = (user: Known, workspace: Known): string => `grant ${user.id} ${workspace.id}`;
export const defaultRole = 'default role';
