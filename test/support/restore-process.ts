// A restore in a process of its own, so that it can be killed.
import { Archive } from '../../src/archive/archive.ts'
import { executeRestore } from '../../src/recovery/execute-restore.ts'
import { Repository } from '../../src/repository/repository.ts'
import { DirectoryStore } from '../../src/storage/directory-store.ts'
import { localSettings } from './local-settings.ts'
import { planOf } from './restore-rig.ts'

const [root = '', to = '', port = ''] = process.argv.slice(2)
const source = (await Repository.open(new DirectoryStore(root))).source('shop')
const plan = await planOf(source, to, [])
const report = await executeRestore(plan, {
  settings: localSettings(Number(port)),
  backup: await source.openBackup(plan.base.id),
  archive: await Archive.open(source),
})
process.stdout.write(`${JSON.stringify({ isContinued: report.isContinued, ...report.replayed })}\n`)
