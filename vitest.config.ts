import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/longest-first.ts';

// For every process of a run: what Node has compiled, TypeScript of the stack included, is there for the next one.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url));
// The CDK checks every template once more by rules of its own, 1.5 s each: here that of infra/app.test.ts is enough.
process.env.CDK_VALIDATION ??= 'false';

/** Each file has labs of its own, and most of a rotation is waiting: three files at a time keep two cores busy. */
const inLabs = {
  pool: 'forks',
  maxWorkers: 3,
  maxConcurrency: 8,
  testTimeout: 480_000,
  hookTimeout: 600_000,
} as const;

export default defineConfig({
  test: {
    reporters: ['default', './test/reporter.ts'],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/lab/**'],
          // What one file has imported is there for the next: a quarter of the CPU of all (450 s and 338 s, measured).
          isolate: false,
          setupFiles: ['test/documents/discard-nodes.ts'],
          // Host scripts take a tenth of this on idle cores; beside two labs they have little of them.
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: inLabs.maxWorkers,
        },
      },
      {
        test: {
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          exclude: ['test/lab/long/**'],
          ...inLabs,
        },
      },
      // What would make `npm test` too long: faults by name, proxies, contracts of the adapters; `npm run test:long`.
      { test: { name: 'long', include: ['test/lab/long/*.test.ts'], ...inLabs } },
    ],
  },
});
