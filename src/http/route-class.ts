/** Kinds of request that a reader of metrics and logs tells apart; never a path, so that there are only so many. */
export type RouteClass =
  | 'scim-users'
  | 'scim-groups'
  | 'scim-bulk'
  | 'scim-other'
  | 'admin'
  | 'queues'
  | 'docs'
  | 'health'
  | 'metrics'
  | 'console';

const rules: [pattern: RegExp, routeClass: RouteClass][] = [
  [/^\/api\/v1\/scim\/[^/]+\/v2\/Users(\/|$)/, 'scim-users'],
  [/^\/api\/v1\/scim\/[^/]+\/v2\/Groups(\/|$)/, 'scim-groups'],
  [/^\/api\/v1\/scim\/[^/]+\/v2\/Bulk$/, 'scim-bulk'],
  [/^\/api\/v1\/scim(\/|$)/, 'scim-other'],
  [/^\/api\/v1(\/|$)/, 'admin'],
  [/^\/api\//, 'docs'],
  [/^\/queues(\/|$)/, 'queues'],
  [/^\/(healthz|readyz)$/, 'health'],
  [/^\/metrics$/, 'metrics'],
];

export function routeClassOf(path: string): RouteClass {
  return rules.find(([pattern]) => pattern.test(path))?.[1] ?? 'console';
}

/** The organization that a path names, as it stands there; it may be no id at all. */
export function organizationIn(path: string): string | undefined {
  return /^\/api\/v1\/(?:scim|organizations)\/([^/]{1,64})/.exec(path)?.[1];
}
