// Streams in a process of its own, so that a test can kill it: node archive-child.ts <JSON of ArchiveChildOptions>
import type { SafePlaceName } from '../../src/archive/safe-place.ts'
import { streamBinaryLogs } from '../../src/archive/stream-binary-logs.ts'
import { Repository } from '../../src/repository/repository.ts'
import { DirectoryStore } from '../../src/storage/directory-store.ts'
import { localSettings } from './local-settings.ts'

export interface ArchiveChildOptions {
  readonly port: number
  readonly repositoryDir: string
  readonly spoolDir: string
  readonly sealBytes: number
  readonly acknowledgeAfter?: SafePlaceName | undefined
}

const options: ArchiveChildOptions = JSON.parse(process.argv[2] ?? '{}')
const repository = await Repository.open(new DirectoryStore(options.repositoryDir))
const stop = new AbortController()
process.once('SIGTERM', () => stop.abort())
try {
  await streamBinaryLogs({
    settings: localSettings(options.port),
    source: repository.source('shop'),
    repositoryId: repository.id,
    spoolDir: options.spoolDir,
    sealBytes: options.sealBytes,
    sealAfterMs: 200,
    acknowledgeAfter: options.acknowledgeAfter,
    heartbeatMs: 1000,
    emit: (event) => process.stdout.write(`${JSON.stringify(event)}\n`),
    signal: stop.signal,
  })
} catch (error) {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  process.stdout.write(`${JSON.stringify({ type: 'error', code, message: String(error) })}\n`)
  process.exitCode = 1
}
