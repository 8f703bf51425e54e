import { createHash, hash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Request, RequestHandler, Response } from 'express';
import { DomainError } from '../platform/errors.ts';
import { boundedMap } from '../platform/bounded-map.ts';
import { takeToken, type Limit, type QuotaStore, type TokenBucket } from '../rate-limit/limit.ts';
import { createRateLimiter } from '../rate-limit/rate-limiter.ts';

/** The limits of one process. Everything that it cannot tell apart by an organization goes by address. */
export interface RateLimits {
  /**
   * One request of an organization's SCIM endpoints, or one operation of a bulk; to be taken behind authentication, before
   * the body is read. A token that was good seconds ago counts although it may not be any more.
   *
   * @throws DomainError `too-many-requests`
   */
  takeScim(organizationId: string): Promise<void>;
  /**
   * The other operations of a bulk request, beside the one that it was let through for.
   *
   * @throws DomainError `too-many-requests` while the bulk before it is not paid off
   */
  chargeScim(organizationId: string, operations: number): void;
  /** The same as a middleware for the admin API. */
  admin(keyOf: (req: Request, res: Response) => string): RequestHandler;
  /**
   * Callers without a valid credential; to be asked in front of authentication.
   *
   * @throws DomainError `too-many-requests` for an address that was wrong too often
   */
  meet(visit: Visit): void;
  /** The same as a middleware. */
  strangers(isAuthenticated: (res: Response) => boolean): RequestHandler;
  /** Before a key is looked up that somebody signs in with. Throws when there were too many wrong ones. */
  signIn(req: Pick<Request, 'ip'>, key: string): void;
  /** After it turned out to be good. */
  signedIn(req: Pick<Request, 'ip'>, key: string): void;
}

/** A request whose caller is not known yet. */
export interface Visit {
  res: ServerResponse;
  /** What `nameOfCredential` made of it. */
  credential: string | null;
  address: string | undefined;
  /** Asked at the end. */
  isAuthenticated: () => boolean;
  /** Whether it was nobody's, although the answer is no 401. */
  isTurnedAway: () => boolean;
}

/** An address may be wrong this often; a person who mistypes, or a provider with an old token, never gets there. */
const strangers: Limit = { perSecond: 20, burst: 400 };

/** Nobody mistypes a key that is pasted twenty times in a row; a guesser gets 17,000 a day, of 2^256. */
const wrongSignIns: Limit = { perSecond: 0.2, burst: 20 };

/** Addresses, and credentials, that are remembered at the same time. */
const maxRemembered = 10_000;

/**
 * Limits are in requests of one organization a second, on all replicas together; a second's worth may come at once.
 *
 * @param store shared between replicas; null: this process alone
 */
export function createRateLimits(options: {
  scimPerSecond: number;
  adminPerSecond: number;
  store: QuotaStore | null;
  onStoreAway?: (error: unknown) => void;
}): RateLimits {
  const { scimPerSecond, adminPerSecond, store, onStoreAway } = options;
  const perOrganization = (scope: string, perSecond: number) => {
    const limit = { perSecond, burst: perSecond };
    const limiter = createRateLimiter({ limit, store, ...(onStoreAway && { onStoreAway }) });
    const refuseFor = (waitMs: number): void => {
      if (waitMs > 0) throw tooManyRequests(waitMs, `more than ${perSecond} requests a second for this organization`);
    };
    return {
      take: async (key: string): Promise<void> => refuseFor(await limiter.take(`${scope}:${key}`)),
      charge: (key: string, requests: number) => refuseFor(limiter.charge(`${scope}:${key}`, requests)),
    };
  };
  const scim = perOrganization('scim', scimPerSecond);
  const admin = perOrganization('admin', adminPerSecond);
  return {
    takeScim: scim.take,
    chargeScim: scim.charge,
    admin: (keyOf) => async (req, res, next) => {
      await admin.take(keyOf(req, res));
      next();
    },
    ...strangerLimit(),
    ...signInLimit(),
  };
}

/**
 * Guessing at the sign-in. A key that was good from the same address lately is exempt, so that others behind the same
 * proxy cannot lock an admin out.
 */
function signInLimit(): Pick<RateLimits, 'signIn' | 'signedIn'> {
  const buckets = boundedMap<TokenBucket>(maxRemembered);
  const good = boundedMap<true>(maxRemembered);
  const bucketOf = (req: Pick<Request, 'ip'>) =>
    buckets.use(networkOf(req.ip), () => ({ tokens: wrongSignIns.burst, refilledAt: performance.now() }));
  const nameOf = (req: Pick<Request, 'ip'>, key: string) =>
    createHash('sha256')
      .update(`${networkOf(req.ip)} ${key}`)
      .digest('base64');
  return {
    signIn: (req, key) => {
      if (good.has(nameOf(req, key))) return;
      // Taken before it is known whether the key is good, so that many at once do not slip through.
      const waitMs = takeToken(bucketOf(req), wrongSignIns, performance.now());
      if (waitMs > 0) throw tooManyRequests(waitMs, 'too many sign-ins with a wrong key from this address');
    },
    signedIn: (req, key) => {
      const name = nameOf(req, key);
      if (!good.has(name)) bucketOf(req).tokens += 1;
      good.use(name, () => true);
    },
  };
}

/**
 * Requests that turn out to be nobody's use their address's bucket up; once it is empty, credentials from there are
 * not even looked up. A credential that was good here lately is exempt: providers send for all of their customers from
 * the same addresses, and behind a proxy everybody may have the same one. It is still checked like any other, the
 * exemption opens nothing.
 *
 * Process memory alone: what this protects is the work of this process.
 */
function strangerLimit(): Pick<RateLimits, 'meet' | 'strangers'> {
  const buckets = boundedMap<TokenBucket>(maxRemembered);
  const knownCredentials = boundedMap<true>(maxRemembered);
  const meet = ({ res, credential, address, isAuthenticated, isTurnedAway }: Visit): void => {
    const bucketOf = () =>
      buckets.use(networkOf(address), () => ({ tokens: strangers.burst, refilledAt: performance.now() }));
    const isKnown = credential !== null && knownCredentials.has(credential);
    // Taken before it is known who calls, so that many at once do not slip through; given back to whoever is somebody.
    const bucket = isKnown ? null : bucketOf();
    if (bucket !== null && takeToken(bucket, strangers, performance.now()) > 0) {
      throw tooManyRequests(1_000, 'too many requests without a valid credential from this address');
    }
    res.once('close', () => {
      if (res.statusCode === 401 || isTurnedAway()) {
        if (bucket === null) takeToken(bucketOf(), strangers, performance.now());
        return;
      }
      if (bucket !== null) bucket.tokens += 1;
      if (credential !== null && isAuthenticated()) knownCredentials.use(credential, () => true);
    });
  };
  return {
    meet,
    strangers: (isAuthenticated) => (req, res, next) => {
      meet({
        res,
        credential: nameOfCredential(req),
        address: req.ip,
        isAuthenticated: () => isAuthenticated(res),
        isTurnedAway: () => wasSentToSignIn(res),
      });
      next();
    },
  };
}

/** A visit that is nobody's and is answered with the way to the sign-in instead of 401. */
export function sendToSignIn(res: Response, location: string): void {
  res.locals['sentToSignIn'] = true;
  res.redirect(303, location);
}

function wasSentToSignIn(res: Response): boolean {
  return res.locals['sentToSignIn'] === true;
}

/** What a credential is remembered by: only its hash is kept. */
export function nameOfCredential({ headers }: Pick<IncomingMessage, 'headers'>): string | null {
  const sent = headers.authorization ?? headers.cookie;
  return sent === undefined ? null : hash('sha256', sent, 'base64');
}

/** An IPv6 host has 2^64 addresses at its disposal, so its network counts as one. */
function networkOf(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  if (!address.includes(':') || address.includes('.')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - tail.split(':').length;
  return [...groups, ...Array.from({ length: Math.max(0, missing) }, () => '0'), ...(tail ?? '').split(':')]
    .slice(0, 4)
    .join(':');
}

function tooManyRequests(waitMs: number, why: string): DomainError {
  const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1_000));
  return new DomainError(
    'too-many-requests',
    'too-many-requests',
    `There were ${why}. Wait ${retryAfterSeconds} s, as Retry-After says, and send the request again; nothing was changed.`,
    { retryAfterSeconds },
  );
}
