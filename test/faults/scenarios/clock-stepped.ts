import sql from 'sql-template-tag';
import { createTokenSecret } from '../../../src/provisioning/token-secret.ts';
import type { Cluster } from '../harness/cluster.ts';
import { createClock, findFaketime, type SteppedClock } from '../injectors/clock.ts';
import type { FaultContext, Scenario } from '../scenario.ts';
import { createOrganizations } from '../traffic/organizations.ts';

const faketime = await findFaketime();
const stepSeconds = 7_200;

/** Of the cluster that runs; its first api and its first worker process go by it. */
let clock: SteppedClock | undefined;

/** F12: a process whose wall clock is wrong decides nothing by it. */
export const clockStepped: Scenario = {
  id: 'F12',
  name: 'steps the clock of one api and one worker process by two hours',
  times: { small: 1, full: 10 },
  smallOn: 'postgres',
  needs: faketime === undefined ? ['libfaketime'] : [],
  cluster: async () => {
    const made = await createClock(faketime ?? '');
    clock = made;
    return {
      environmentOf: (_role, index) => (index === 0 ? made.environment : {}),
      cleanUp: () => made.remove(),
    };
  },
  async inject(context) {
    if (clock === undefined) throw new Error('the cluster has a clock of its own');
    for (let fault = 0; fault < context.times; fault += 1) {
      for (const offset of [stepSeconds, -stepSeconds]) {
        await context.traffic.progress(30);
        await clock.step(offset);
        await judgeTokens(context, `${fault}${offset > 0 ? 'ahead' : 'behind'}`);
        await context.traffic.progress(30);
        await judgeEntries(context);
        await clock.step(0);
      }
    }
  },
};

/** Tokens end when the database's clock says so, whichever process is asked. */
async function judgeTokens({ cluster, random, violation, count }: FaultContext, tag: string): Promise<void> {
  const [stepped, right] = cluster.apis;
  if (stepped === undefined || right === undefined) throw new Error('a cluster has two api processes');
  const [organization] = await createOrganizations({
    apiUrl: right.url,
    adminKey: cluster.adminKey,
    count: 1,
    tag: `clock${tag}${Date.now().toString(36)}`,
    random,
  });
  const organizationId = organization?.id ?? '';

  const valid = await insertToken(cluster, organizationId, 60);
  const expired = await insertToken(cluster, organizationId, -60);
  const status = async (url: string, { token }: { token: string }): Promise<number> =>
    (
      await fetch(`${url}/api/v1/scim/${organizationId}/v2/Users?count=0`, {
        headers: { authorization: `Bearer ${token}` },
      })
    ).status;
  for (const api of cluster.apis) {
    const answers = [await status(api.url, valid), await status(api.url, expired)];
    if (answers.join() !== '200,401')
      violation(`F12: ${tag}: ${api.name} answered ${answers.join(' and ')}, not 200 and 401`);
  }

  // The moment itself, to the second.
  const ending = await insertToken(cluster, organizationId, 2);
  let lastAcceptedAt = 0;
  let refusedAt = 0;
  while (refusedAt === 0) {
    const askedAt = Date.now();
    if ((await status(stepped.url, ending)) === 200) lastAcceptedAt = askedAt;
    else refusedAt = Date.now();
  }
  const earlyMs = ending.expiresAt.getTime() - refusedAt;
  const lateMs = lastAcceptedAt - ending.expiresAt.getTime();
  if (earlyMs > 1_000) violation(`F12: ${tag}: a token ended ${earlyMs} ms early`);
  if (lateMs > 1_000) violation(`F12: ${tag}: a token ended ${lateMs} ms late`);
  count('expiryOffMs', Math.max(earlyMs, lateMs, 0), 'worst');

  const rotated = await fetch(`${stepped.url}/api/v1/organizations/${organizationId}/scim-tokens/rotate`, {
    method: 'POST',
    headers: { authorization: `Bearer ${cluster.adminKey}`, 'content-type': 'application/json' },
  });
  const { previousTokenExpiresAt } = (await rotated.json()) as { previousTokenExpiresAt: string | null };
  const [newest] = await cluster.db.query<{ ageSeconds: number }>(sql`
    SELECT extract(epoch FROM clock_timestamp() - max(created_at))::double precision AS "ageSeconds"
    FROM scim_tokens WHERE organization_id = ${organizationId}::uuid`);
  if (newest === undefined || newest.ageSeconds < 0 || newest.ageSeconds > 30) {
    violation(`F12: ${tag}: a new token is ${newest?.ageSeconds ?? '?'} s old`);
  }
  if (previousTokenExpiresAt === null) violation(`F12: ${tag}: a rotation found no token that still worked`);
}

/** A token that ends in so many seconds by the database's clock. */
async function insertToken(
  { db }: Cluster,
  organizationId: string,
  seconds: number,
): Promise<{ token: string; expiresAt: Date }> {
  const secret = createTokenSecret('rc_scim_');
  const [row] = await db.query<{ expiresAt: Date }>(sql`
    INSERT INTO scim_tokens (id, organization_id, token_hash, prefix, last_four, created_at, expires_at)
    VALUES (new_id(), ${organizationId}::uuid, ${secret.hash}, ${secret.prefix}, ${secret.lastFour}, now(),
      clock_timestamp() + make_interval(secs => ${seconds}))
    RETURNING expires_at AS "expiresAt"`);
  if (row === undefined) throw new Error('INSERT ... RETURNING answered no row');
  return { token: secret.token, expiresAt: row.expiresAt };
}

/** The log is dated by the database, too. */
async function judgeEntries({ cluster, traffic, violation }: FaultContext): Promise<void> {
  const [wrong] = await cluster.db.query<{ entries: number }>(sql`
    SELECT count(*) AS entries FROM sync_logs l JOIN organizations o ON o.id = l.organization_id
    WHERE l.organization_id = ANY (${traffic.organizations.map(({ id }) => id)}::uuid[])
      AND (l.occurred_at > clock_timestamp() + interval '1 second' OR l.occurred_at < o.created_at - interval '1 second')`);
  if (wrong?.entries !== 0) violation(`F12: ${wrong?.entries ?? 'no count of'} log entries are dated wrongly`);
}
