import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { startService, type TestService } from '../support/service.ts';

interface Rule {
  alert: string;
  expr: string;
  for?: string;
  labels: { severity: string };
  annotations: { summary: string; description: string; runbook: string };
}

interface Panel {
  id: number;
  type: string;
  title: string;
  description?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { expr: string }[];
}

const repository = new URL('../../', import.meta.url);
const read = (path: string) => readFile(new URL(path, repository), 'utf8');

const rulesFile = parse(await read('deploy/prometheus/rules.yml')) as { groups: { name: string; rules: Rule[] }[] };
const rules = rulesFile.groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(await read('deploy/grafana/rollcall.json')) as { uid: string; panels: Panel[] };
const scaling = parseAllDocuments(await read('deploy/kubernetes/autoscaling.yaml'))
  .map((document) => document.toJS() as { spec: { triggers?: { metadata: { query: string } }[] } })
  .flatMap(({ spec }) => spec.triggers ?? []);
const queries = [
  ...scaling.map(({ metadata }) => ({ where: 'the scaling of workers', expr: metadata.query })),
  ...rules.map(({ alert, expr }) => ({ where: `alert ${alert}`, expr })),
  ...dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ where: `panel ${title}`, expr })),
  ),
];

/** What a query may be made of beside metrics, labels and numbers. */
const words = new Set(
  'sum min max rate increase absent histogram_quantile by on and or le class reason route status queue state outcome'.split(
    ' ',
  ),
);

/** `name`, and the matchers in braces, of every selector of a query. */
function selectorsOf(expr: string): { name: string; matchers: { label: string; operator: string; value: string }[] }[] {
  return [...expr.matchAll(/\b((?:rollcall|nodejs|process)_\w+)(?:\{([^}]*)\})?/g)].map(
    ([, name = '', braces = '']) => ({
      name,
      matchers: [...braces.matchAll(/(\w+)(=~|!=|!~|=)"([^"]*)"/g)].map(
        ([, label = '', operator = '', value = '']) => ({
          label,
          operator,
          value,
        }),
      ),
    }),
  );
}

/** One sample of the exposition format, its value aside. */
interface Sample {
  name: string;
  labels: Record<string, string>;
}

function samplesOf(exposition: string): Sample[] {
  return exposition
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name = '', braces = ''] = /^(\w+)(?:\{(.*)\})? /.exec(line) ?? [];
      const labels = [...braces.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', value = '']) => [
        label,
        value,
      ]);
      return { name, labels: Object.fromEntries(labels) as Record<string, string> };
    });
}

describe('the queries', () => {
  let service: TestService;
  let samples: Sample[];
  beforeAll(async () => {
    service = await startService({ engine: 'postgres' });
    const acme = await service.organization();
    const group = await acme.group('Engineering', [await acme.user('ada@acme.example')]);
    await acme.mapping(group, { workspaceIds: [await acme.workspace('Backend')], role: null });
    await service.admin('POST', `/organizations/${acme.id}/scim-tokens/rotate`);
    const denied = await service.admin('POST', `/organizations/${acme.id}/sign-ins`, { email: 'eve@acme.example' });
    expect(denied.body).toMatchObject({ allowed: false, reason: 'user-unknown' });
    await service.quiet();
    samples = samplesOf(await (await fetch(`${service.url}/metrics`)).text());
  });
  afterAll(() => service.close());

  test.each(queries)('of $where are well formed, and /metrics answers every metric and label', ({ expr }) => {
    const selectors = selectorsOf(expr);
    expect(selectors.length).toBeGreaterThan(0);
    for (const { name, matchers } of selectors) {
      const series = samples.filter((sample) => sample.name === name);
      expect(series, name).not.toEqual([]);
      for (const { label, operator, value } of matchers) {
        const values = series.map((sample) => sample.labels[label]);
        expect(values, `${name}{${label}}`).not.toContain(undefined);
        // No request need have failed yet.
        if (operator.startsWith('=') && label !== 'status') {
          const pattern = operator === '=~' ? new RegExp(`^(?:${value})$`) : undefined;
          expect(values.some((one) => (pattern === undefined ? one === value : pattern.test(one ?? '')))).toBe(true);
        }
      }
    }
    const unquoted = expr.replace(/"[^"]*"/g, '');
    const rest = unquoted.replace(/\[[^\]]*\]/g, '');
    for (const [word] of rest.matchAll(/[a-z_]\w*/gi)) {
      expect(words.has(word) || selectors.some(({ name }) => name === word), word).toBe(true);
    }
    for (const pair of ['()', '{}', '[]']) {
      const count = (character: string) => expr.split(character).length;
      expect(count(pair[0] ?? ''), expr).toBe(count(pair[1] ?? ''));
    }
    for (const [, range] of unquoted.matchAll(/\[([^\]]*)\]/g)) expect(range).toMatch(/^(\d+[mh]|\$__rate_interval)$/);
    // What is grouped by is a label of what is asked for.
    for (const [, labels = ''] of expr.matchAll(/\bby \(([^)]*)\)/g)) {
      for (const label of labels.split(/, */)) {
        const labelled = selectors.every(({ name }) =>
          samples.some((sample) => sample.name === name && sample.labels[label] !== undefined),
        );
        expect(labelled, `${label} of ${expr}`).toBe(true);
      }
    }
  });

  test('a denied sign-in, a dispatched job and a rotated token are counted, and no series names an organization', () => {
    const exposition = JSON.stringify(samples);
    expect(samples).toContainEqual({ name: 'rollcall_sign_in_denials_total', labels: { reason: 'user-unknown' } });
    expect(exposition).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect(samples.filter(({ name }) => name.startsWith('rollcall_')).length).toBeLessThan(500);
  });
});

describe('the alerts', () => {
  test.each(rules)('$alert has a severity, a sentence and a place in the runbook', async (rule) => {
    expect(rule.labels.severity).toMatch(/^(warning|critical)$/);
    expect(rule.annotations.summary).toMatch(/\.$/);
    expect(rule.annotations.description).toMatch(/\.$/);
    expect(rule.annotations.runbook).toBe(`docs/operations.md#${rule.alert.toLowerCase()}`);
    expect(await read('docs/operations.md')).toContain(`\n### ${rule.alert}\n`);
    if (rule.for !== undefined) expect(rule.for).toMatch(/^\d+m$/);
  });

  test('have names of their own', () => {
    expect(new Set(rules.map((rule) => rule.alert)).size).toBe(rules.length);
  });
});

test('the panels of the dashboard have ids of their own, say what they show, and do not overlap', () => {
  const { panels } = dashboard;
  expect(new Set(panels.map((panel) => panel.id)).size).toBe(panels.length);
  for (const panel of panels) {
    if (panel.type !== 'row') expect(panel.description, panel.title).toMatch(/\.$/);
    expect(panel.gridPos.x + panel.gridPos.w).toBeLessThanOrEqual(24);
  }
  const overlap = (a: Panel['gridPos'], b: Panel['gridPos']) =>
    a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
  const pairs = panels.flatMap((a, index) => panels.slice(index + 1).map((b) => [a, b] as const));
  expect(pairs.filter(([a, b]) => overlap(a.gridPos, b.gridPos))).toEqual([]);
});
