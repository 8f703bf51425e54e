import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // Integration tests share two cores with Postgres and Redis: a slow machine is not a failing test.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // A look that is repeated until it holds ends with its test, not after a second.
    expect: { poll: { timeout: 20_000 } },
  },
});
