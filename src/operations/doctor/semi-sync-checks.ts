// Doctor's checks of a source whose commits are to wait until they are in the archive.
import type { SemiSync } from '../../instance/semi-sync.ts'
import { type DoctorCheck, fail, ok, warn } from './doctor-checks.ts'
import type { DoctorFacts } from './read-facts.ts'

const secondsPerDay = 86_400
// The largest that all versions take: 2^32 - 1 ms, 49 days.
const longestMs = 4_294_967_295

/** `isWanted`: commits are to wait for `stream --semi-sync`, so a server that does not wait fails the check. */
export function checkSemiSync(
  { flavour, semiSync }: Pick<DoctorFacts, 'flavour' | 'semiSync'>,
  isWanted: boolean,
): readonly DoctorCheck[] {
  if (semiSync?.isEnabled === true) return checkWaiting(semiSync)
  const name = 'semi-sync'
  const install =
    flavour === 'mysql' && semiSync === undefined
      ? "INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'; "
      : ''
  const prefix = semiSync?.prefix ?? 'rpl_semi_sync_source_'
  const mend = `${install}SET GLOBAL ${prefix}enabled = ON, and the same in the option file.`
  if (!isWanted) {
    return [
      ok(
        name,
        'off: commits reach a stream a moment after they are done',
        `Only for stream --semi-sync: ${mend}`,
      ),
    ]
  }
  return [fail(name, 'off: the server does not wait for the archive, and commits can be lost with it', mend)]
}

function checkWaiting(semiSync: SemiSync): readonly DoctorCheck[] {
  return [
    checkStatus(semiSync),
    checkWaitPoint(semiSync),
    checkTimeout(semiSync),
    checkNobody(semiSync),
    checkReplicas(semiSync),
  ]
}

function checkStatus({ isWaiting, unacknowledged }: SemiSync): DoctorCheck {
  const name = 'semi-sync'
  if (isWaiting) {
    const lost = unacknowledged === 0 ? '' : `; ${unacknowledged} commits since its start were not waited for`
    return ok(name, `on: commits wait until a replica acknowledges${lost}`)
  }
  return warn(
    name,
    'on, but fallen back to asynchronous: commits do not wait at this moment',
    'Start holdfast stream --semi-sync: once it has caught up, the server waits again.',
  )
}

function checkWaitPoint({ prefix, waitPoint }: SemiSync): DoctorCheck {
  const name = 'semi-sync wait point'
  if (waitPoint === 'AFTER_SYNC')
    return ok(name, 'AFTER_SYNC: nobody sees a commit before it is acknowledged')
  return warn(
    name,
    `${waitPoint}: others see a commit before it is acknowledged, and it can be lost then`,
    `SET GLOBAL ${prefix}wait_point = 'AFTER_SYNC', and the same in the option file.`,
  )
}

function checkTimeout({ prefix, timeoutMs }: SemiSync): DoctorCheck {
  const name = 'semi-sync time-out'
  const seconds = timeoutMs / 1000
  if (seconds >= secondsPerDay) return ok(name, `${Math.round(seconds / secondsPerDay)} d`)
  return warn(
    name,
    `${seconds} s: after that the server goes on without an acknowledgement, and what it commits then can be lost`,
    `SET GLOBAL ${prefix}timeout = ${longestMs}, and the same in the option file; then writers wait for as long as no stream runs.`,
  )
}

function checkNobody({ prefix, waitsForNobody }: SemiSync): DoctorCheck {
  const name = 'semi-sync alone'
  if (waitsForNobody) return ok(name, 'it waits also while no replica is connected')
  const variable = `${prefix}wait_no_${prefix.includes('source') ? 'replica' : 'slave'}`
  return warn(
    name,
    `${variable} = OFF: while too few replicas are connected it does not wait`,
    `SET GLOBAL ${variable} = ON, and the same in the option file.`,
  )
}

/** An acknowledgement of any replica counts: only when it waits for all of them it waits for the archive. */
function checkReplicas({ prefix, replicas, wanted, canSetWanted }: SemiSync): DoctorCheck {
  const name = 'semi-sync replicas'
  if (replicas <= wanted) {
    return ok(name, `${replicas} connected, and commits wait for ${wanted}: for every one of them`)
  }
  const variable = `${prefix}wait_for_${prefix.includes('source') ? 'replica' : 'slave'}_count`
  return warn(
    name,
    `${replicas} connected, and commits wait for ${wanted}: another replica may acknowledge before the archive has it`,
    canSetWanted
      ? `SET GLOBAL ${variable} = ${replicas}, and the same in the option file.`
      : 'Switch rpl_semi_sync_slave_enabled off on the other replicas: this server waits for one acknowledgement, whoever sends it.',
  )
}
