// The corpus goes through a dump and a load on every server, and comes back the same.
import assert from 'node:assert/strict'
import { dumpLogical } from '../../src/logical/dump-logical.ts'
import { loadLogical } from '../../src/logical/load-logical.ts'
import { differencesBetween } from '../support/compare-servers.ts'
import { loadCorpus, takeLossesAway } from '../support/corpus.ts'
import { MemoryBackup } from '../support/memory-backup.ts'
import { eachServer, startServer, type TestServer } from '../support/servers.ts'

async function roundTrip(source: TestServer, target: TestServer) {
  const memory = new MemoryBackup()
  const result = await dumpLogical({ settings: source.settings(), sink: memory })
  const report = await loadLogical({ settings: target.settings(), backup: memory.source(result) })
  return { result, report, memory }
}

eachServer('everything in the corpus comes back the same, and what cannot is told by name', async (kind) => {
  await using source = await startServer(kind)
  await using target = await startServer(kind)
  await loadCorpus(source)
  const { result, report } = await roundTrip(source, target)
  assert.equal(
    result.warnings.join('\n').replace(/ keeps its history by transaction [^\n]*/, ''),
    source.flavour === 'mysql' ? '' : 'corpus.versioned_by_transaction',
  )
  const told = report.warnings.map(
    (warning) => /(view corpus\.broken|corpus\.json_typed)/.exec(warning)?.[0] ?? warning,
  )
  const expected =
    source.flavour === 'mysql' ? ['corpus.json_typed', 'view corpus.broken'] : ['view corpus.broken']
  assert.deepEqual(told, expected)
  await takeLossesAway(source, target)
  assert.deepEqual(await differencesBetween(source, target), [])
})

eachServer('where local_infile is off the same rows come back through INSERT', async (kind) => {
  await using source = await startServer(kind)
  await using target = await startServer(kind, { args: ['--local-infile=0'] })
  await loadCorpus(source)
  await roundTrip(source, target)
  await takeLossesAway(source, target)
  assert.deepEqual(await differencesBetween(source, target), [])
})
