import { defineConfig } from 'vitest/config'

// Two projects: `rules` reads the tree (no database, part of `npm run check`); `hub` runs against real PostgreSQL.
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'rules', include: ['test/rules/**/*.test.ts'], environment: 'node' } },
      {
        test: {
          name: 'hub',
          include: ['test/**/*.test.ts'],
          exclude: ['test/rules/**', 'test/bench/**'],
          environment: 'node',
          globalSetup: ['test/setup/postgres.ts'],
          setupFiles: ['test/setup/seed.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          pool: 'forks',
        },
      },
    ],
    maxWorkers: 2,
  },
})
