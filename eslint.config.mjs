// Type-aware lint for everything in TypeScript. A rule that is off says why.
import tseslint from 'typescript-eslint';

export default tseslint.config(
  {
    ignores: [
      '**/dist/',
      'apps/gateway/build/',
      '**/node_modules/',
      '**/fixtures/',
      'bench/peers/',
      'bench/results/',
      'coverage/',
      'libs/rpc/src/generated/',
      '**/*.mjs',
      '**/*.js',
    ],
  },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { project: './tsconfig.test.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidOperator: true, ignoreVoidReturningFunctions: true },
      ],
      // Array and record reads are checked by the compiler (noUncheckedIndexedAccess); an assertion there states an invariant.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowNullish: true },
      ],
      // `_name` is a parameter that a contract gives and this implementation does not need.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // A plugin in plain JavaScript, and JSON.stringify of nothing, give other things than their types say.
      '@typescript-eslint/no-unnecessary-type-conversion': 'off',
      // Words of a JSON document are read with String(); where an object stands in their place, it matches nothing.
      '@typescript-eslint/no-base-to-string': 'off',
      // A body is JSON of unknown shape: deleting a key is what it takes to leave a field out.
      '@typescript-eslint/no-dynamic-delete': 'off',
      // Nest modules are classes with decorators and nothing in them.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true, allowStaticOnly: true }],
      '@typescript-eslint/unified-signatures': 'off',
      // Contracts are structural: a thing of the right shape is the thing.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // What is thrown or rejected is somebody else's at the edges; it becomes one of our errors at one place.
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
      // `void | Promise<void>` is how a hot path says that it only sometimes waits.
      '@typescript-eslint/no-invalid-void-type': 'off',
      'no-restricted-globals': [
        'error',
        {
          name: 'fetch',
          message:
            'Five times the cost of the kernel HTTP client, and past its egress guard. Use host.http or UpstreamClient.',
        },
      ],
    },
  },
  {
    files: ['**/*.spec.ts', 'test/**', 'bench/**', 'plugins/*/*/test/**', 'libs/*/test/**', 'libs/plugin-testkit/**'],
    rules: {
      // Tests reach into answers of unknown shape, talk to real servers, and throw odd things on purpose.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-misused-spread': 'off',
      '@typescript-eslint/restrict-plus-operands': 'off',
      'no-restricted-globals': 'off',
    },
  },
  {
    // A container's health check: a process of its own, without the kernel.
    files: ['apps/cli/src/commands/health.ts'],
    rules: { 'no-restricted-globals': 'off' },
  },
);
