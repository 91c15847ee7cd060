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

/** Whole systems: many processes, and bounds on how long they take. */
const SYSTEMS = 'test/(e2e|chaos)';

/** Specs lie beside the code, conformance in each plugin, whole-system tests in test/. */
export default {
  maxWorkers: '100%',
  projects: [
    {
      ...specs,
      displayName: 'parts',
      testMatch: ['<rootDir>/{apps,libs,plugins,tools,test,bench}/**/*.spec.ts'],
      testPathIgnorePatterns: ['/node_modules/', '/dist/', `<rootDir>/${SYSTEMS}/`],
    },
    {
      ...specs,
      displayName: 'systems',
      testMatch: ['<rootDir>/test/{e2e,chaos}/**/*.spec.ts'],
      testPathIgnorePatterns: ['/node_modules/'],
      runner: '<rootDir>/tools/serial-runner.mjs',
    },
  ],
};
