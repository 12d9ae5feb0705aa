// Owns the task `parking.act`: the open actions of one connection, one at a time. An attempt is committed before the vendor is called,
// and an outcome that nobody knows is asked after before anything else is done.
// Must not decide what an answer means; core/domain/parking-action-state.ts does.
import { actionOf } from '../../domain/parking-action-data.ts'
import {
  type ActionMeans,
  type ActionVerdict,
  afterAttempt,
  afterInquiry,
  nextActionStep,
  type OpenAction,
  type ParkingActionState,
} from '../../domain/parking-action-state.ts'
import type { OpenDoor } from '../../domain/parking-door.ts'
import type { JobOutcome } from '../../store/job-worker.ts'
import { linksInForce } from '../../store/parcs-links.ts'
import { preloadReference } from '../../store/parcs-preloads.ts'
import {
  changeParkingAction,
  lastReference,
  lockNextAction,
  lockParkingAction,
  nextActionLook,
  type ParkingActionRow,
  parkingActionTimer,
} from '../../store/parking-actions.ts'
import type { Db } from '../../store/record-table.ts'
import { setTimer } from '../../store/timers.ts'
import { transaction } from '../../store/transaction.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { settleAction, verdict } from './settle-action.ts'

export interface CarryOutDeps extends ServiceDeps {
  /** The connection's door while it is at work on this node. */
  door(connectionId: string): OpenDoor | undefined
}

interface Of {
  organizationId: string
  connectionId: string
}

/** Then other jobs have their turn. */
const mostPerRun = 50
/** A request of a process that died may still be on its way to the vendor, who would say "not done" a moment too early. */
const graceMs = 5_000
const busyMs = 1_000

type Call = { kind: 'send' | 'ask'; row: ParkingActionRow; reference: string | undefined }
type Step = 'idle' | 'settled' | Call

export function carryOutActions(deps: CarryOutDeps) {
  // A worker that lost its database begins again while the call of its former life is still under way.
  const busy = new Set<string>()
  return async (of: Of): Promise<JobOutcome> => {
    if (busy.has(of.connectionId)) return { again: busyMs }
    busy.add(of.connectionId)
    try {
      for (let n = 0; n < mostPerRun; n++) {
        const door = deps.door(of.connectionId)
        const step = await transaction(deps.db, (trx) => next(deps, trx, of, door))
        if (step === 'idle') return undefined
        if (step !== 'settled' && door !== undefined) await call(deps, door, step)
      }
      return { again: 0 }
    } finally {
      busy.delete(of.connectionId)
    }
  }
}

async function next(deps: CarryOutDeps, trx: Db, of: Of, door: OpenDoor | undefined): Promise<Step> {
  const now = deps.clock.now()
  const row = await lockNextAction(trx, of, door === undefined, now)
  if (row === undefined) {
    await lookAgain(trx, of, door === undefined, now)
    return 'idle'
  }
  const step = nextActionStep(openOf(row), door === undefined ? null : meansOf(door, row), now)
  switch (step.kind) {
    case 'expire': {
      const reason = 'It could not be done before its deadline.'
      await settleAction(deps, trx, row, verdict('expire', { reason: row.reason ?? reason }))
      return 'settled'
    }
    case 'recover': {
      const reason = 'The hub stopped before the parking system had answered.'
      const sent = row.sent_at ?? now
      const nextAt = new Date(Math.max(now.getTime(), sent.getTime() + graceMs))
      await settleAction(deps, trx, row, verdict('lose', { reason, nextAt }))
      return 'settled'
    }
    case 'refuse':
      await settleAction(deps, trx, row, verdict('refuse', { reason: notOffered(row.kind), code: 'not_offered' }))
      return 'settled'
    case 'person':
      await settleAction(deps, trx, row, verdict('lose', { reason: step.reason, needsPerson: true }))
      return 'settled'
    case 'ask': {
      const asked = await changeParkingAction(trx, row, { asks: row.asks + 1 }, now)
      return { kind: 'ask', row: asked, reference: await referenceOf(trx, asked) }
    }
    case 'send':
      return { kind: 'send', ...(await markSent(deps, trx, row)) }
  }
}

export function notOffered(kind: string): string {
  return `The parking system does not offer ${kind}.`
}

async function markSent(deps: CarryOutDeps, trx: Db, row: ParkingActionRow): Promise<Omit<Call, 'kind'>> {
  const now = deps.clock.now()
  const attempt = row.attempt + 1
  const sent = await settleAction(
    deps,
    trx,
    row,
    verdict('send', { reason: row.reason, needsPerson: row.needs_person }),
  )
  const marked = await changeParkingAction(trx, sent, { attempt, asks: 0, sent_at: now }, now)
  return { row: marked, reference: await referenceOf(trx, marked) }
}

async function referenceOf(trx: Db, row: ParkingActionRow): Promise<string | undefined> {
  if (row.subject_type !== 'credential') return lastReference(trx, row)
  return preloadReference(trx, {
    organizationId: row.organization_id,
    connectionId: row.connection_id,
    credentialId: row.subject_key,
  })
}

async function call(deps: CarryOutDeps, door: OpenDoor, { kind, row, reference }: Call): Promise<void> {
  const means = meansOf(door, row) ?? { repeatable: false, canAsk: door.canAsk }
  const action = { ...actionOf(row), ...(reference === undefined ? {} : { reference }) }
  if (kind === 'send') {
    const outcome = await door.act(action)
    await settle(deps, row, (now) => afterAttempt(openOf(row), outcome, means, now))
    return
  }
  const answer = await door.askOutcome(action)
  let repeat = false
  const settled = await settle(deps, row, (now) => {
    const said = afterInquiry(openOf(row), answer, means, now)
    repeat = said.repeat
    return said
  })
  if (!repeat || !settled) return
  // It has been asked, and doing it twice is the same as once.
  const again = await transaction(deps.db, async (trx) => {
    const locked = await lockParkingAction(trx, row.organization_id, row.action_id)
    return locked?.state === 'unknown' ? markSent(deps, trx, locked) : null
  })
  if (again !== null) await call(deps, door, { kind: 'send', ...again })
}

/** False when the row has moved on since: a person settled it, or somebody else carries it out. */
async function settle(
  deps: CarryOutDeps,
  row: ParkingActionRow,
  judge: (now: Date) => ActionVerdict,
): Promise<boolean> {
  return transaction(deps.db, async (trx) => {
    const locked = await lockParkingAction(trx, row.organization_id, row.action_id)
    const open = locked?.state === 'sent' || locked?.state === 'unknown'
    if (locked === undefined || !open || locked.attempt !== row.attempt) {
      deps.log.warn({ action: row.action_id, state: locked?.state }, 'an answer about a parking action came too late')
      return false
    }
    const said = judge(deps.clock.now())
    await settleAction(deps, trx, locked, said)
    return true
  })
}

function openOf(row: ParkingActionRow): OpenAction {
  return {
    state: row.state as ParkingActionState,
    attempt: row.attempt,
    asks: row.asks,
    deadline: row.deadline,
    unknownSince: row.unknown_since,
  }
}

function meansOf(door: OpenDoor, row: Pick<ParkingActionRow, 'kind'>): ActionMeans | null {
  const ability = door.actions[row.kind as keyof OpenDoor['actions']]
  return ability === undefined ? null : { repeatable: ability.repeatable, canAsk: door.canAsk }
}

/** Retries and deadlines are appointments; with none left, only news wake the connection's queue. */
async function lookAgain(trx: Db, of: Of, away: boolean, now: Date): Promise<void> {
  const at = await nextActionLook(trx, of, away, now)
  if (at === null) return
  const [link] = await linksInForce(trx, of.organizationId, of.connectionId)
  await setTimer(trx, parkingActionTimer({ ...of, siteId: link?.siteId ?? null }, at))
}
