import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SchemaContent } from '../content.ts'
import { compareDefinitions, type TargetSchema, type Wording } from './compare-definitions.ts'

function compared(backup: string, target: string, wording: Wording) {
  const schema = { name: 'd', ddl: backup, sequences: [], tables: [], views: [], routines: [], events: [] }
  const wanted = { ...schema, collation: '' } satisfies SchemaContent
  const found = {
    ...schema,
    ddl: target,
    collation: '',
    triggers: new Map(),
    warnings: [],
    sequenceNames: [],
  }
  return compareDefinitions({
    backup: [wanted],
    target: [found satisfies TargetSchema],
    wording,
    isWhole: true,
    notCreated: new Set(),
  })
}

const before = 'CREATE DATABASE `d` /*!40100 DEFAULT CHARACTER SET utf8mb4 */'
const after = 'CREATE DATABASE `d` /*!080100 DEFAULT CHARACTER SET utf8mb4 */'

test('the version in a conditional comment makes no other text for another patch release', () => {
  assert.deepEqual(compared(before, after, 'alike').rewordings, [])
  assert.equal(compared(before, after, 'same').differences.length, 1)
  const latin1 = after.replace('utf8mb4', 'latin1')
  assert.deepEqual(compared(before, latin1, 'alike'), {
    differences: [],
    rewordings: [{ object: 'schema d', backup: before, target: latin1 }],
    notes: [
      'another text than in the backup, which another patch release may have for the same thing: schema d (--json has both texts)',
    ],
    definitions: 1,
  })
  assert.deepEqual(compared(before, latin1, 'other').rewordings, [])
})
