// Programs of the user that do not end while a server waits for them.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { stageHooks } from '../../src/operations/stage-hooks.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

test('a hook under a lock is ended in time, and another one is waited for', async () => {
  await using folder = await temporaryDirectory()
  for (const [stage, seconds] of [
    ['preunlock', 60],
    ['prebackup', 1],
  ] as const)
    await writeFile(path.join(folder.path, stage), `#!/bin/sh\nexec sleep ${seconds}\n`, { mode: 0o755 })
  const { signal } = new AbortController()
  const at = stageHooks({ folder: folder.path, facts: () => ({}), signal, lockedLimitMs: 300 })
  await assert.rejects(at('preunlock'), /the hook preunlock: it did not end within 0\.3 s/)
  await at('prebackup')
})
