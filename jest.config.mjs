const specs = {
  globalSetup: '<rootDir>/test/run-folder.mjs',
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          target: 'es2023',
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
};

/** Whole systems, and whatever measures how long something takes: nothing runs beside these. */
const IN_TURN = [
  'test/{e2e,chaos,image}',
  'bench',
  'libs/{journal,limits}',
  'plugins/{caches,callbacks}',
  'plugins/guardrails/pii',
  'apps/gateway/src/unread-answers',
];

/** `{a,b}` → `(a|b)` */
const expressionOf = (folder) => folder.replace('{', '(').replace('}', ')').replaceAll(',', '|');
const matching = (folder) => `<rootDir>/${folder}{/**/*,}.spec.ts`;

/** Specs lie beside the code, conformance in each plugin, whole-system tests in test/. */
export default {
  maxWorkers: '100%',
  projects: [
    {
      ...specs,
      displayName: 'side by side',
      testMatch: [matching('{apps,libs,plugins,tools,test}')],
      testPathIgnorePatterns: [
        '/node_modules/',
        '/dist/',
        ...IN_TURN.map((folder) => `<rootDir>/${expressionOf(folder)}[/.]`),
      ],
    },
    {
      ...specs,
      displayName: 'in turn',
      testMatch: IN_TURN.map(matching),
      testPathIgnorePatterns: ['/node_modules/', '/dist/'],
      runner: '<rootDir>/tools/serial-runner.mjs',
    },
  ],
};
