// The linter also keeps the borders of docs/decisions.md: what is pure stays pure, and data moves one way.
import tseslint from 'typescript-eslint';

const effects = [
  'node:fs',
  'node:fs/promises',
  'node:child_process',
  'node:process',
  'node:os',
  'node:net',
  'execa',
];

/** Files that may compute but not touch a disk, a process, a clock or the environment. */
const pure = (message, extraPatterns = []) => ({
  'no-restricted-imports': [
    'error',
    {
      paths: effects.map((name) => ({ name, message })),
      patterns: extraPatterns.map((group) => ({ group: [group], message })),
    },
  ],
  'no-restricted-globals': ['error', { name: 'process', message }, { name: 'setTimeout', message }],
});

const onlyInterfaces = (message, groups) => ({
  'no-restricted-imports': ['error', { patterns: groups.map((group) => ({ group: [group], message })) }],
});

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'test/fixtures/**'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Export by name.' },
        { selector: 'ExportAllDeclaration', message: 'No barrels: import from the file that defines it.' },
        { selector: 'TSEnumDeclaration', message: 'Use a union of literals.' },
      ],
      // Our interfaces' methods are closures or use private fields: taking one out of its object is harmless or a type error.
      '@typescript-eslint/unbound-method': 'off',
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  { files: ['**/*.js', '**/*.mjs'], ...tseslint.configs.disableTypeChecked },
  {
    files: ['eslint.config.js', 'ava.config.js', 'ava.*.config.js'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  { files: ['scripts/**', 'bench/**'], rules: { 'no-console': 'off' } },
  {
    files: [
      'src/network/**/*.ts',
      'src/plan/**/*.ts',
      'src/scenario/**/*.ts',
      'src/report/**/*.ts',
      'src/cni/**/*.ts',
      'src/distributions/**/*.ts',
    ],
    ignores: [
      'src/scenario/load-scenario.ts',
      'src/scenario/check-binaries.ts',
      'src/report/write-report.ts',
      'src/report/read-report.ts',
      'src/report/read-events.ts',
    ],
    rules: pure('This folder is pure: it computes data, and its caller touches the world.', [
      '**/providers/*/**',
      '**/ui/**',
      '**/commands/**',
    ]),
  },
  {
    files: ['src/providers/**/*.ts'],
    rules: onlyInterfaces('Providers know nothing of distributions, CNIs or screens.', [
      '**/distributions/**',
      '**/cni/**',
      '**/ui/**',
      '**/commands/**',
    ]),
  },
  {
    files: ['src/run/**/*.ts', 'src/checks/**/*.ts'],
    rules: onlyInterfaces('run/ and checks/ know interfaces; cli.ts and commands/ compose.', [
      '**/providers/*/**',
      '**/ui/**',
      '**/commands/**',
    ]),
  },
  {
    files: ['src/ui/**/*.ts'],
    rules: onlyInterfaces('ui/ only consumes events.', [
      '**/providers/*/**',
      '**/distributions/**',
      '**/cni/**',
      '**/commands/**',
    ]),
  },
);
