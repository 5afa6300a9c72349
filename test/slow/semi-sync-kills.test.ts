// Hundreds of kills at random moments: no commit that a client saw is ever missing.
import { killInTurn } from '../support/semi-sync-kills.ts'
import { eachServer } from '../support/servers.ts'

// 3 flavours × 70: more than 200 kills of the source, and as many of the archiver.
eachServer('a commit that a client saw is kept whenever the source or the archiver is killed', (kind) =>
  killInTurn(kind, 70),
)
