import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { loadConfig } from '../../src/platform/config.ts';

/**
 * The shapes of the Kubernetes API as far as the manifests use them, every key listed: an unknown one, a typing error
 * say, would be dropped by the server without a word.
 */
const labels = z.record(z.string(), z.string());
const metadata = z.strictObject({ name: z.string().regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/), labels });
const selector = z.strictObject({ matchLabels: labels });
const quantity = z.string().regex(/^\d+(m|Mi|Gi)?$/);
const probe = z.strictObject({
  httpGet: z.strictObject({ path: z.enum(['/healthz', '/readyz']), port: z.literal('http') }),
  periodSeconds: z.int(),
  timeoutSeconds: z.int().optional(),
  failureThreshold: z.int().optional(),
});
const container = z.strictObject({
  name: z.string(),
  image: z.string(),
  args: z.tuple([z.enum(['api', 'worker', 'migrate'])]),
  ports: z.array(z.strictObject({ name: z.literal('http'), containerPort: z.literal(3000) })).optional(),
  envFrom: z.tuple([
    z.strictObject({ configMapRef: z.strictObject({ name: z.literal('rollcall') }) }),
    z.strictObject({ secretRef: z.strictObject({ name: z.literal('rollcall') }) }),
  ]),
  env: z.array(z.strictObject({ name: z.string(), value: z.string() })).optional(),
  livenessProbe: probe.optional(),
  readinessProbe: probe.optional(),
  startupProbe: probe.optional(),
  lifecycle: z
    .strictObject({
      preStop: z.strictObject({ exec: z.strictObject({ command: z.tuple([z.literal('sleep'), z.string()]) }) }),
    })
    .optional(),
  securityContext: z.strictObject({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }),
  }),
  resources: z.strictObject({
    requests: z.strictObject({ cpu: quantity, memory: quantity }),
    limits: z.strictObject({ memory: quantity }),
  }),
});
const podTemplate = z.strictObject({
  metadata: z.strictObject({ labels, annotations: labels.optional() }),
  spec: z.strictObject({
    restartPolicy: z.literal('Never').optional(),
    automountServiceAccountToken: z.literal(false),
    terminationGracePeriodSeconds: z.int().optional(),
    securityContext: z.strictObject({
      runAsNonRoot: z.literal(true),
      runAsUser: z.int(),
      fsGroup: z.int(),
      seccompProfile: z.strictObject({ type: z.literal('RuntimeDefault') }),
    }),
    topologySpreadConstraints: z
      .array(
        z.strictObject({
          maxSkew: z.int(),
          topologyKey: z.string(),
          whenUnsatisfiable: z.enum(['ScheduleAnyway', 'DoNotSchedule']),
          labelSelector: selector,
        }),
      )
      .optional(),
    containers: z.tuple([container]),
  }),
});
const document = <K extends string, T extends z.ZodRawShape>(apiVersion: string, kind: K, shape: T) =>
  z.strictObject({ apiVersion: z.literal(apiVersion), kind: z.literal(kind), metadata, ...shape });
const deployment = document('apps/v1', 'Deployment', {
  spec: z.strictObject({
    revisionHistoryLimit: z.int(),
    selector,
    strategy: z.strictObject({
      type: z.literal('RollingUpdate'),
      rollingUpdate: z.strictObject({ maxUnavailable: z.int(), maxSurge: z.int() }),
    }),
    template: podTemplate,
  }),
});
const job = document('batch/v1', 'Job', {
  spec: z.strictObject({ backoffLimit: z.int(), ttlSecondsAfterFinished: z.int(), template: podTemplate }),
});
const configMap = document('v1', 'ConfigMap', { data: labels });
const secret = document('v1', 'Secret', { type: z.literal('Opaque'), stringData: labels });
const service = document('v1', 'Service', {
  spec: z.strictObject({
    selector: labels,
    ports: z.array(z.strictObject({ name: z.string(), port: z.int(), targetPort: z.literal('http') })),
  }),
});
const disruptionBudget = document('policy/v1', 'PodDisruptionBudget', {
  spec: z.strictObject({ maxUnavailable: z.int(), selector }),
});
const autoscaler = document('autoscaling/v2', 'HorizontalPodAutoscaler', {
  spec: z.strictObject({
    scaleTargetRef: z.strictObject({
      apiVersion: z.literal('apps/v1'),
      kind: z.literal('Deployment'),
      name: z.string(),
    }),
    minReplicas: z.int(),
    maxReplicas: z.int(),
    metrics: z.array(
      z.strictObject({
        type: z.literal('Resource'),
        resource: z.strictObject({
          name: z.literal('cpu'),
          target: z.strictObject({ type: z.literal('Utilization'), averageUtilization: z.int() }),
        }),
      }),
    ),
    behavior: z.strictObject({ scaleDown: z.strictObject({ stabilizationWindowSeconds: z.int() }) }),
  }),
});
const scaledObject = document('keda.sh/v1alpha1', 'ScaledObject', {
  spec: z.strictObject({
    scaleTargetRef: z.strictObject({ name: z.string() }),
    minReplicaCount: z.int(),
    maxReplicaCount: z.int(),
    pollingInterval: z.int(),
    cooldownPeriod: z.int(),
    fallback: z.strictObject({ failureThreshold: z.int(), replicas: z.int() }),
    triggers: z.tuple([
      z.strictObject({
        type: z.literal('prometheus'),
        metricType: z.enum(['AverageValue', 'Value']),
        metadata: z.strictObject({ serverAddress: z.url(), query: z.string(), threshold: z.string().regex(/^\d+$/) }),
      }),
    ]),
  }),
});
const manifest = z.discriminatedUnion('kind', [
  deployment,
  job,
  configMap,
  secret,
  service,
  disruptionBudget,
  autoscaler,
  scaledObject,
]);
type Manifest = z.infer<typeof manifest>;

const directory = new URL('../../deploy/kubernetes/', import.meta.url);
const sources = await Promise.all(
  (await readdir(directory)).map(async (file) => ({
    file,
    documents: parseAllDocuments(await readFile(new URL(file, directory), 'utf8'), { uniqueKeys: true }),
  })),
);
const all = sources.flatMap(({ file, documents }) =>
  documents.map((parsed, index) => ({ what: `${file}, document ${index + 1}`, parsed })),
);

test.each(all)('$what is YAML of the shape that the API of Kubernetes takes', ({ parsed }) => {
  expect(parsed.errors).toEqual([]);
  expect(parsed.warnings).toEqual([]);
  expect(manifest.parse(parsed.toJS())).toBeDefined();
});

describe('the manifests together', () => {
  const manifests = all.map(({ parsed }) => parsed.toJS() as Manifest);
  const ofKind = <K extends Manifest['kind']>(kind: K) =>
    manifests.filter((one): one is Extract<Manifest, { kind: K }> => one.kind === kind);
  const deployments = ofKind('Deployment');

  test.each(['api', 'worker'])(
    'the selectors of %s meet its pods, and it may end in the time that it needs',
    (role) => {
      const [one, ...rest] = deployments.filter(({ metadata: { name } }) => name === `rollcall-${role}`);
      expect(rest).toEqual([]);
      const { selector: own, template } = one?.spec ?? {};
      expect(template?.metadata.labels).toEqual(own?.matchLabels);
      expect(template?.spec.containers[0].args).toEqual([role]);
      expect(template?.spec.terminationGracePeriodSeconds).toBeGreaterThan(30 + 5);
      const budgets = ofKind('PodDisruptionBudget').filter(({ metadata: { name } }) => name === `rollcall-${role}`);
      expect(budgets.map(({ spec }) => spec.selector)).toEqual([own]);
      expect(template?.spec.topologySpreadConstraints?.map(({ labelSelector }) => labelSelector)).toEqual([own]);
    },
  );

  test('the service leads to the api, and what scales names deployments that are there', () => {
    const api = deployments.find(({ metadata: { name } }) => name === 'rollcall-api');
    expect(ofKind('Service').map(({ spec }) => spec.selector)).toEqual([api?.spec.selector.matchLabels]);
    const scaled = [...ofKind('HorizontalPodAutoscaler'), ...ofKind('ScaledObject')].map(
      ({ spec }) => spec.scaleTargetRef.name,
    );
    expect(scaled.toSorted()).toEqual(deployments.map(({ metadata: { name } }) => name).toSorted());
  });

  test('every variable is one that the service reads, with a value that it takes, and all run one image', () => {
    const given = Object.assign(
      {},
      ...ofKind('ConfigMap').map(({ data }) => data),
      ...ofKind('Secret').map(({ stringData }) => stringData),
      ...deployments.flatMap(({ spec }) =>
        (spec.template.spec.containers[0].env ?? []).map(({ name, value }) => ({ [name]: value })),
      ),
    ) as Record<string, string>;
    const plain = loadConfig({});
    for (const [name, value] of Object.entries(given)) {
      // Each one changes something, or is refused: a name that nobody reads would do neither.
      const changed = JSON.stringify(loadConfig({ [name]: value })) !== JSON.stringify(plain);
      const isDefault = name === 'LOG_LEVEL' && value === plain.logLevel;
      expect(changed || isDefault, name).toBe(true);
    }
    expect(loadConfig(given).databaseUrl).not.toBeNull();
    const images = [...deployments, ...ofKind('Job')].map(({ spec }) => spec.template.spec.containers[0].image);
    expect(new Set(images).size).toBe(1);
  });
});
