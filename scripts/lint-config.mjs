// Writes .oxlintrc.json from the layers table: `node scripts/lint-config.mjs`; with --check it only compares.
import { readFileSync, writeFileSync } from 'node:fs'
import { layers } from './layers.mjs'

const file = new URL('../.oxlintrc.json', import.meta.url)

const layerRules = Object.entries(layers).map(([folder, allowed]) => ({
  files: [`src/${folder}/**`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: Object.keys(layers)
          .filter((other) => other !== folder && !allowed.includes(other))
          .map((other) => ({
            group: [`../${other}/**`, `../../${other}/**`, `../../../${other}/**`],
            message: `src/${folder} may import only: ${allowed.join(', ') || 'nothing'} (scripts/layers.mjs)`,
          })),
      },
    ],
  },
}))

const config = {
  $schema: './node_modules/oxlint/configuration_schema.json',
  plugins: ['typescript', 'import', 'unicorn', 'promise', 'node'],
  categories: { correctness: 'error', suspicious: 'error' },
  rules: {
    'import/no-cycle': 'error',
    'import/no-unassigned-import': 'off',
    'typescript/no-explicit-any': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/await-thenable': 'error',
    'typescript/switch-exhaustiveness-check': 'error',
    'no-empty': ['error', { allowEmptyCatch: false }],
    'no-await-in-loop': 'off',
    'no-shadow': 'off',
    // A rule for browser windows; threads have no origin.
    'unicorn/require-post-message-target-origin': 'off',
    'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
  },
  ignorePatterns: ['dist', 'node_modules', 'src/bytes/kernel/*.as.ts', '**/*.generated.ts'],
  overrides: [
    ...layerRules,
    { files: ['**/*.table.ts', '**/*.test.ts'], rules: { 'max-lines': 'off' } },
    // node:test's test() returns a promise that the runner itself awaits.
    { files: ['**/*.test.ts', 'test/**'], rules: { 'typescript/no-floating-promises': 'off' } },
  ],
}

const text = `${JSON.stringify(config, null, 2)}\n`
if (process.argv.includes('--check')) {
  if (readFileSync(file, 'utf8') !== text) {
    console.error('.oxlintrc.json is older than scripts/layers.mjs; run: node scripts/lint-config.mjs')
    process.exit(1)
  }
} else {
  writeFileSync(file, text)
}
