import vue from 'eslint-plugin-vue'
import prettier from 'eslint-config-prettier'
import tseslint from 'typescript-eslint'
import vueParser from 'vue-eslint-parser'

/** Words that must never stand in the sources; see docs/reliability of deletes. */
const bannedText = [
  {
    selector: 'Literal[value=/--remove-all-storage/], TemplateElement[value.raw=/--remove-all-storage/]',
    message: 'virsh undefine --remove-all-storage deletes shared disks and install media without a word.'
  }
]

export default tseslint.config(
  { ignores: ['out/', 'dist/', 'node_modules/', '.tsbuild/', 'test-results/', '.lab/', 'coverage/'] },
  ...tseslint.configs.recommended,
  ...vue.configs['flat/recommended'],
  {
    files: ['src-main/**/*.ts', 'src-preload/**/*.ts', 'src-renderer/**/*.ts', 'src-renderer/**/*.vue'],
    ignores: ['**/*.test.ts'],
    extends: [tseslint.configs.recommendedTypeCheckedOnly],
    languageOptions: {
      parserOptions: {
        project: [
          './src-preload/contract/tsconfig.json',
          './src-preload/tsconfig.json',
          './src-main/domain/tsconfig.json',
          './src-main/tsconfig.json',
          './src-renderer/tsconfig.json'
        ],
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: ['.vue']
      }
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true }
      ],
      '@typescript-eslint/require-await': 'off'
    }
  },
  {
    // After the typed rules: their parser reads TypeScript only.
    files: ['**/*.vue'],
    languageOptions: {
      parser: vueParser,
      parserOptions: { parser: tseslint.parser, extraFileExtensions: ['.vue'] }
    }
  },
  {
    files: ['src-*/**'],
    rules: { 'no-restricted-syntax': ['error', ...bannedText] }
  },
  {
    rules: {
      'no-empty': 'error',
      eqeqeq: 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-explicit-any': 'error',
      'vue/multi-word-component-names': 'off',
      'vue/require-default-prop': 'off',
      'vue/no-v-html': 'error'
    }
  },
  {
    files: ['src-renderer/**/*.{ts,vue}'],
    rules: {
      'no-restricted-globals': [
        'error',
        { name: 'fetch', message: 'The window talks to main only, through src-renderer/rpc.' }
      ]
    }
  },
  prettier
)
