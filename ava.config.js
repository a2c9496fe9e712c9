// Worker threads can't load TypeScript through a loader flag: each test file is a process of its own.
export default {
  files: ['test/unit/**/*.test.ts', 'test/cli/**/*.test.ts'],
  extensions: { ts: 'module' },
  nodeArguments: ['--import=tsx'],
  workerThreads: false,
};
