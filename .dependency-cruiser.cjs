/**
 * The arrows of docs/architecture.md: a folder imports only from lower levels, never sideways between capabilities.
 * `level` lists the folders from the ground up; the rules are derived from it so that the picture has one source.
 */
const levels = [
  ['scim', 'contract', 'platform'],
  ['sync-log', 'rate-limit'],
  ['jobs'],
  ['provisioning', 'directory'],
  ['access'],
  ['queue'],
  ['http', 'cli'],
];

const arrows = levels.flatMap((folders, level) =>
  folders.map((folder) => {
    const allowed = [folder, ...levels.slice(0, level).flat()];
    return {
      name: `arrows-of-${folder}`,
      severity: 'error',
      comment: `src/${folder} may import only: ${allowed.join(', ')}`,
      from: { path: `^src/${folder}/` },
      to: { path: '^src/', pathNot: `^src/(${allowed.join('|')})/` },
    };
  }),
);

module.exports = {
  forbidden: [
    ...arrows,
    {
      name: 'console-knows-the-contract-alone',
      severity: 'error',
      comment: 'src/console runs in a browser: of ours it may import only src/contract, and nothing of Node',
      from: { path: '^src/console/' },
      to: { pathNot: '^(src/(console|contract)/|node_modules/)' },
    },
    {
      name: 'nobody-imports-the-console',
      severity: 'error',
      from: { pathNot: '^src/console/' },
      to: { path: '^src/console/' },
    },
    {
      name: 'protocol-and-contract-are-pure',
      severity: 'error',
      comment: 'src/scim imports nothing but itself; src/contract nothing but zod',
      from: { path: '^src/(scim|contract)/' },
      to: { pathNot: '^(src/(scim|contract)/|node_modules/zod/)' },
    },
    {
      name: 'scim-is-not-contract',
      severity: 'error',
      from: { path: '^src/scim/' },
      to: { path: '^(src/contract|node_modules)/' },
    },
    {
      name: 'bullmq-stays-in-queue',
      severity: 'error',
      comment: 'BullMQ and bull-board are known to src/queue alone, ioredis to the one file that connects',
      from: { path: '^src/', pathNot: '^src/(queue/|platform/redis-connection)' },
      to: { path: '^node_modules/(bullmq|ioredis|@bull-board)/' },
    },
    {
      name: 'express-stays-at-the-edge',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(http|queue)/' },
      to: { path: '^node_modules/(express|helmet)/' },
    },
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: '\\.d\\.ts$|^src/console/public/' },
      to: {},
    },
    {
      name: 'only-declared-packages',
      severity: 'error',
      // The console is bundled: what it is made of is needed to build it, not to run it.
      from: { path: '^src/', pathNot: '^src/console/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    { name: 'everything-resolves', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
