// Lint of the whole repository. Layers are test/tools/layers.mjs's business, format is Prettier's.
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import { fileURLToPath } from 'node:url';
import tseslint from 'typescript-eslint';
import svelteConfig from '../renderer/svelte.config.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const typed = ['**/*.ts', '**/*.svelte'];

const houseRules = {
  eqeqeq: ['error', 'always', { null: 'ignore' }],
  'no-var': 'error',
  'prefer-const': 'error',
  'no-eval': 'error',
  'no-implied-eval': 'error',
  'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
  'max-params': ['error', 6],
};

const typedRules = {
  '@typescript-eslint/no-explicit-any': 'error',
  '@typescript-eslint/no-floating-promises': 'error',
  '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
  '@typescript-eslint/consistent-type-imports': 'error',
  '@typescript-eslint/no-unused-vars': [
    'error',
    { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
  ],
  // What a catch clause got may be thrown on, whatever it is.
  '@typescript-eslint/only-throw-error': ['error', { allowThrowingUnknown: true }],
  // Interfaces here are written with method shorthand for objects that need no `this`.
  '@typescript-eslint/unbound-method': 'off',
  // An async method may have nothing to wait for and still promise; numbers read well in templates.
  '@typescript-eslint/require-await': 'off',
  '@typescript-eslint/restrict-template-expressions': [
    'error',
    { allowNumber: true, allowBoolean: true },
  ],
  // Void-returning shorthand such as `() => void list.push(x)` is fine.
  '@typescript-eslint/no-confusing-void-expression': 'off',
  '@typescript-eslint/prefer-promise-reject-errors': 'off',
};

export default tseslint.config(
  { ignores: ['**/node_modules/', 'dist/', 'native/', 'release/', 'test/fixtures/', '**/*.d.ts'] },
  {
    files: typed,
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: root,
        extraFileExtensions: ['.svelte'],
      },
    },
    rules: { ...houseRules, ...typedRules },
  },
  ...svelte.configs.recommended,
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: {
      globals: globals.browser,
      parserOptions: { parser: tseslint.parser, svelteConfig },
    },
    rules: {
      'prefer-const': 'off',
      'svelte/prefer-const': ['error', { excludedRunes: ['$props', '$derived'] }],
      // Plain Maps and Sets beside $state are bookkeeping on purpose: nothing on screen follows them.
      'svelte/prefer-svelte-reactivity': 'off',
      // Rendered Markdown goes through DOMPurify in renderer/markdown; nothing else may use {@html}.
      'svelte/no-at-html-tags': 'error',
    },
  },
  {
    // svelte-check knows the types of markup; the parser ESLint uses does not.
    files: ['**/*.svelte'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
    },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: { globals: globals.node },
    rules: houseRules,
  },
  {
    // Tests poke at untyped answers and describe at length.
    files: ['test/**'],
    rules: {
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
    },
  },
);
