import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectNoDrift } from '../support/access-oracle.ts';
import { startService, type TestOrganization, type TestService } from '../support/service.ts';
import { instantiate, readCorpus, type Ids } from './corpus.ts';
import { openWire, type WireAnswer } from './exchange.ts';
import { foreignRows } from './foreign-rows.ts';
import { faultsOf } from './judge.ts';
import { mutateRequest, type WireRequest } from './mutate-request.ts';
import { randomOf } from './random.ts';

// `npm run test:fuzz` sets these; without them this is the short run of the default suite, the same every time.
const requests = Number(process.env['FUZZ_REQUESTS'] ?? 1_500);
const seconds = Number(process.env['FUZZ_SECONDS'] ?? 25);
const seed = Number(process.env['FUZZ_SEED'] ?? 7644);

/** The longest that any answer may take; a later one counts as hung. */
const timeoutMs = 10_000;
/** At once, so that mutated requests also meet each other. */
const concurrency = 6;
/** Faults of the same kind beyond these are counted, not shown. */
const shownFaults = 20;
/** Resources to refer to; older ones are forgotten as new ones come. */
const knownIds = 40;

const secret = 'only-of-the-other-organization';

let service: TestService;
let organization: TestOrganization;
let foreign: TestOrganization;
let ids: Ids;

beforeAll(async () => {
  service = await startService({ engine: 'postgres' });
  organization = await service.organization({ name: 'Fuzzed', userNameFormat: 'any' });
  foreign = await service.organization({ name: secret, userNameFormat: 'any' });
  const victim = await foreign.user(`${secret}@foreign.example`, { title: secret });
  const victims = await foreign.group(secret, [victim]);
  const workspaceId = await foreign.workspace(secret);
  await foreign.mapping(victims, { workspaceIds: [workspaceId], role: 'developer' });
  const users = await Promise.all(['a', 'b', 'c'].map((name) => organization.user(`${name}@fuzz.example`)));
  ids = { users, groups: [await organization.group('Fuzz', users)], foreign: [victim, victims] };
  await service.quiet();
});
afterAll(() => service.close());

test(
  `${requests} mutated requests: no fault, no hang, no row of another organization touched`,
  async () => {
    console.log(`fuzz: --seed ${seed}, up to ${requests} requests in ${seconds} s`);
    const before = await foreignRows(service.db, organization.id);
    const faults = await fuzz();
    expect(faults).toEqual([]);
    await service.quiet();
    expect(await foreignRows(service.db, organization.id)).toEqual(before);
    await expectNoDrift(service.db, organization.id);
    const polluted: Record<string, unknown> = {};
    for (const key in polluted) expect.fail(`Object.prototype has ${key}`);
    expect((await organization.scim('GET', '/Users?count=1')).status).toBe(200);
  },
  // Whatever is under way when the time is over may still take as long as any answer; then come the jobs.
  (seconds + timeoutMs / 1_000) * 1_000 + 120_000,
);

/** Sends the requests; @returns the faults, each with its request */
async function fuzz(): Promise<string[]> {
  const corpus = readCorpus();
  const bodies = corpus.flatMap(({ step: { body } }) => (body === undefined ? [] : [body]));
  const wire = openWire({ timeoutMs });
  const deadline = Date.now() + seconds * 1_000;
  const statuses = new Map<number, number>();
  const faults: string[] = [];
  let sent = 0;
  const sendSome = async (): Promise<void> => {
    while (sent < requests && Date.now() < deadline) {
      const index = sent;
      sent += 1;
      const random = randomOf(seed, index);
      const template = instantiate(random.pick(corpus), ids, random, `f${index}`);
      const surroundings = { ids, token: organization.token, other: random.pick(bodies) };
      const request = mutateRequest(template, surroundings, random);
      const baseUrl = new URL(request.toForeign ? foreign.baseUrl : organization.baseUrl);
      try {
        const answer = await wire.exchange(baseUrl, request);
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        if (answer.status === 201) remember(answer);
        if (answer.status === 204 && request.method === 'DELETE') forget(request);
        for (const fault of faultsOf(request, answer, secret)) faults.push(described(index, fault, request, answer));
      } catch (error) {
        faults.push(described(index, error instanceof Error ? error.message : String(error), request));
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: concurrency }, sendSome));
  } finally {
    wire.close();
  }
  console.log(
    `fuzz: ${sent} sent; ${[...statuses]
      .sort()
      .map(([status, count]) => `${count} x ${status}`)
      .join(', ')}`,
  );
  const more = faults.length > shownFaults ? [`and ${faults.length - shownFaults} more`] : [];
  return [...faults.slice(0, shownFaults), ...more];
}

function remember({ headers }: WireAnswer): void {
  const [, kind, id] = /\/(Users|Groups)\/([^/]+)$/.exec(String(headers['location'])) ?? [];
  if (id === undefined) return;
  const known = kind === 'Users' ? ids.users : ids.groups;
  known.push(id);
  if (known.length > knownIds) known.shift();
}

function forget({ path }: WireRequest): void {
  for (const known of [ids.users, ids.groups]) {
    const at = known.findIndex((id) => path.includes(id));
    if (at !== -1) known.splice(at, 1);
  }
}

function described(index: number, fault: string, request: WireRequest, answer?: WireAnswer): string {
  const { authorization: _token, ...headers } = request.headers;
  return [
    `#${index}: ${fault}`,
    `${request.method} ${request.path.slice(0, 600)} ${JSON.stringify(headers)}`,
    request.body?.toString('utf8').slice(0, 1_500) ?? '',
    answer === undefined ? '' : `-> ${answer.status} ${answer.text.slice(0, 400)}`,
  ].join('\n');
}
