import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { referencePages } from '../../scripts/reference-pages.ts'
import { errorCodes } from '../core/error-codes.table.ts'
import { exitStatuses } from './exit-statuses.table.ts'

test('docs/reference is what the tables say; npm run reference writes it anew', () => {
  for (const [name, text] of referencePages()) {
    const written = readFileSync(new URL(`../../docs/reference/${name}`, import.meta.url), 'utf8')
    assert.equal(written, text, `docs/reference/${name} is older than the tables`)
  }
})

test('every error has a hint, and an exit status that is told about', () => {
  for (const [code, entry] of Object.entries(errorCodes)) {
    assert.ok(entry.hint.length > 10, code)
    assert.ok(exitStatuses[entry.exit] !== undefined, `${code} ends with ${entry.exit}`)
  }
})
