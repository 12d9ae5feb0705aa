// Owns bringing the sessions of one EVSE in line with its facts: derive, compare with what was written, write the difference.
// Must not decide what a session is (core/domain/session does) nor commit.
import {
  compareReadings,
  type DerivedSession,
  type RegisterReading,
  readingOf,
  type SummedReadings,
  sessionClocks,
  sessionPeriods,
  sumOverSetBackClock,
  sumReadings,
} from '../../domain/session/index.ts'
import { effect } from '../../store/charger-effects.ts'
import { readRegisters } from '../../store/charger-state.ts'
import type { SessionRow } from '../../store/session-effects.ts'
import type { ChargerDeps } from './charger-deps.ts'
import { countTrait } from './count-deviation.ts'
import { sessionContent, sessionHolder } from './session-content.ts'
import { deriveMemberships, estimatedEnd, isCut, NeedsHistory, structureOf } from './session-structure.ts'
import {
  type EvseState,
  registerRule,
  type SessionState,
  type StationState,
  type TransactionState,
} from './station-state.ts'
import { addBayJob, addEvent, addReview, addSessionJobs, inStation, type StationWork } from './station-work.ts'

/** All readings of a transaction: stored ones and those of this unit. */
async function readingsOf(
  deps: ChargerDeps,
  station: StationState,
  evse: EvseState,
  transaction: TransactionState,
  work: StationWork,
): Promise<RegisterReading[]> {
  const { row } = transaction
  const end = row.ended_at
  if (transaction.readings !== null) return transaction.readings
  const stored = await readRegisters(deps.pool, {
    organizationId: row.organization_id,
    stationId: station.record.station_id,
    transactionId: row.transaction_id,
    evse: evse.number,
    from: row.started_at,
    to: row.ended_at,
  })
  const own = work.readings
    .filter((r) => r.transactionId === row.transaction_id)
    .map((r) => r.reading)
    .concat(work.stationReadings.filter((r) => r.at >= row.started_at && (end === null || r.at <= end)))
  const all = [...stored.map((r) => readingOf(r.at, r.register_wh, r.if_kwh_wh, r.power_w)), ...own]
  // A running one is looked at again and again; one that has ended hardly ever.
  if (row.state === 'open') transaction.readings = all
  return all
}

/** What comes later than the end is kept for audit only, unless the clock was set back. */
function sumOf(
  evse: EvseState,
  transaction: TransactionState,
  all: readonly RegisterReading[],
): SummedReadings & { readings: readonly RegisterReading[] } {
  const { started_at: from, ended_at: to, meter_start_wh: beginWh, meter_stop_wh: endWh } = transaction.row
  const readings = (to === null ? [...all] : all.filter((r) => r.at <= to)).sort(compareReadings)
  const rule = registerRule(evse.traits, transaction)
  const inTime = sumReadings(readings, evse.maxPowerW, rule)
  const metered = to === null || beginWh === null || endWh === null ? null : { from, to, beginWh, endWh }
  const setBack = metered === null ? null : sumOverSetBackClock(all, inTime, evse.maxPowerW, metered, rule)
  return setBack ?? { ...inTime, readings }
}

interface Measured {
  energyWh: number
  points: { at: Date; energyWh: number }[]
  registers: RegisterReading[]
  flags: string[]
}

async function measure(
  deps: ChargerDeps,
  station: StationState,
  evse: EvseState,
  members: readonly TransactionState[],
  work: StationWork,
): Promise<Measured> {
  const measured: Measured = { energyWh: 0, points: [], registers: [], flags: [] }
  for (const member of members) {
    const all = await readingsOf(deps, station, evse, member, work)
    const { state, points, readings } = sumOf(evse, member, all)
    member.register = state
    member.refold = false
    const before = measured.energyWh
    measured.points.push(...points.map((p) => ({ at: p.at, energyWh: before + p.energyWh })))
    measured.energyWh += state.energyWh
    measured.registers.push(...readings)
    for (const flag of state.flags) if (!measured.flags.includes(flag)) measured.flags.push(flag)
  }
  return measured
}

/** Ends that only the next start proves are written to the transaction, marked as ours. */
function writeEstimates(
  derived: DerivedSession,
  members: readonly TransactionState[],
  touched: Set<TransactionState>,
): void {
  for (const [i, known] of derived.transactions.entries()) {
    const member = members[i]
    if (member === undefined) continue
    const { row } = member
    if (!known.estimated) continue
    if (row.ended_at?.getTime() === known.endedAt?.getTime() && row.flags.includes(estimatedEnd)) continue
    member.row = {
      ...row,
      state: 'ended',
      ended_at: known.endedAt,
      stop_reason: row.stop_reason ?? 'superseded',
      flags: row.flags.includes(estimatedEnd) ? row.flags : [...row.flags, estimatedEnd],
    }
    touched.add(member)
  }
}

/**
 * Derives the sessions of `evse` and adds what changed to `work`.
 * @param touched transactions whose rows changed in this unit; their rows are written here, once
 * @param relevant readings arrived for these transactions, so their sums are to be looked at even if nothing else changed
 */
export async function settleSessions(
  deps: ChargerDeps,
  station: StationState,
  evse: EvseState,
  work: StationWork,
  touched: Set<TransactionState>,
  relevant: ReadonlySet<TransactionState>,
): Promise<void> {
  const claimed = new Set<string>()
  for (const { derived, members } of deriveMemberships(evse)) {
    const known = members.map((m) => m.row.session_id).find((id) => id !== null && !claimed.has(id)) ?? null
    const session = known === null ? undefined : evse.sessions.get(known)
    if (isCut(evse, derived, session)) {
      const news = members.some((m) => touched.has(m) || relevant.has(m))
      if (news || session?.structure !== structureOf(derived, members)) throw new NeedsHistory(derived.startedAt)
      for (const m of members) if (m.row.session_id !== null) claimed.add(m.row.session_id)
      continue
    }
    const id = known ?? deps.newId()
    claimed.add(id)
    writeEstimates(derived, members, touched)
    for (const member of members) {
      if (member.row.session_id === id) continue
      member.row = { ...member.row, session_id: id }
      touched.add(member)
    }
    await writeSession(deps, station, evse, work, { id, derived, members, touched, relevant })
  }
  voidOrphans(deps, station, evse, work, claimed)
  for (const transaction of touched) {
    if (transaction.row.evse_number !== evse.number) continue
    transaction.row = {
      ...transaction.row,
      energy_wh: transaction.register.energyWh,
      last_register_wh: transaction.register.base?.wh ?? null,
      last_register_at: transaction.register.base?.at ?? null,
    }
    work.effects.push(effect.transaction(transaction.row))
  }
}

/** What about a register a person should see; the first that applies. */
const registerDoubts = [
  {
    flag: 'implausible_step',
    kind: 'meter_jump',
    reason: 'The energy register jumped by more than the charger can deliver; the jump is not billed.',
  },
  {
    flag: 'clock_set_back',
    kind: 'station_clock',
    reason:
      'The clock of the station was set back while the car charged. The energy is what the register counted from begin to end; the times of it are in doubt.',
  },
  {
    flag: 'scale_doubtful',
    kind: 'meter_scale',
    reason: 'The energy register has decimals under the label Wh and may count kWh; it is billed as labelled.',
  },
] as const

/** The clocks of a running session stand where its station last said anything: the same facts show the same clocks. */
function lastHeard(derived: DerivedSession, members: readonly TransactionState[]): Date {
  const times = [...members.map((m) => m.lastSeenAt), ...derived.timeline.slice(-1).map((t) => t.at)]
  return new Date(Math.max(...times.map((at) => at.getTime())))
}

interface SessionWriting {
  id: string
  derived: DerivedSession
  members: readonly TransactionState[]
  touched: Set<TransactionState>
  relevant: ReadonlySet<TransactionState>
}

async function writeSession(
  deps: ChargerDeps,
  station: StationState,
  evse: EvseState,
  work: StationWork,
  { id, derived, members, touched, relevant }: SessionWriting,
): Promise<void> {
  const before = evse.sessions.get(id)
  const structure = structureOf(derived, members)
  const news = members.some((m) => relevant.has(m) || touched.has(m))
  if (before !== undefined && before.structure === structure && !news) return
  const active = derived.state === 'active'
  const due =
    before === undefined || work.receivedAt.getTime() - before.writtenAt.getTime() >= deps.settings.sessionRefreshMs
  const same = before !== undefined && before.structure === structure && !members.some((m) => touched.has(m))
  if (active && same && !due) return
  const measured = await measure(deps, station, evse, members, work)
  const until = derived.unpluggedAt ?? derived.endedAt ?? lastHeard(derived, members)
  const periods = sessionPeriods(derived.timeline, until, measured.points)
  const clocks = sessionClocks(periods)
  const holder = members.find((m) => m.row.account_id !== null || m.row.credential_id !== null) ?? members[0]
  const shown = members.find((m) => m.row.id_token !== null) ?? members[0]
  const flags = [...new Set([...derived.flags, ...measured.flags, ...members.flatMap((m) => m.row.flags)])].sort()
  const content: Omit<SessionRow, 'facts_at' | 'version' | 'created_at' | 'updated_at'> = {
    ...inStation(station),
    session_id: id,
    evse_number: evse.number,
    evse_id: evse.evseId,
    bay_id: evse.bayId,
    state: derived.state,
    account_id: holder?.row.account_id ?? null,
    vehicle_id: holder?.row.vehicle_id ?? null,
    credential_id: holder?.row.credential_id ?? null,
    id_token: shown?.row.id_token ?? null,
    id_token_kind: shown?.row.id_token_kind ?? null,
    plugged_at: derived.pluggedAt,
    unplugged_at: derived.unpluggedAt,
    started_at: derived.startedAt,
    ended_at: derived.endedAt,
    energy_wh: measured.energyWh,
    charging_seconds: clocks.chargingSeconds,
    suspended_vehicle_seconds: clocks.suspendedVehicleSeconds,
    suspended_station_seconds: clocks.suspendedStationSeconds,
    idle_seconds: clocks.idleSeconds,
    periods,
    // The list that a bill is shown with; while it grows it would be written over and over.
    registers: active ? [] : measured.registers.map((r) => [r.at.toISOString(), r.wh]),
    flags,
  }
  const written = sessionContent(content)
  if (before !== undefined && before.written === written) {
    evse.sessions.set(id, { ...before, structure })
    return
  }
  const version = (before?.version ?? 0) + 1
  const createdAt = before?.createdAt ?? work.receivedAt
  const row: SessionRow = {
    ...content,
    facts_at: work.receivedAt,
    version,
    created_at: createdAt,
    updated_at: work.receivedAt,
  }
  work.effects.push(effect.session(row))
  const settled = before?.state === 'ended' || before?.state === 'closed'
  const after: SessionState = {
    id,
    version,
    createdAt,
    state: derived.state,
    written,
    structure,
    writtenAt: work.receivedAt,
    energyWh: measured.energyWh,
    holder: sessionHolder(content),
    startedAt: derived.startedAt,
  }
  evse.sessions.set(id, after)
  if (!active) countTraits(station, evse, work, derived, measured)
  announce(deps, station, evse, work, before, after, row, settled)
  for (const member of members) touched.add(member)
  const doubt = active ? undefined : registerDoubts.find(({ flag }) => measured.flags.includes(flag))
  if (doubt !== undefined) {
    addReview(deps, station, work, {
      contentKey: `register:${id}`,
      kind: doubt.kind,
      reason: doubt.reason,
      data: { registers: row.registers },
      subjectType: 'charging_session',
      subjectId: id,
      at: work.receivedAt,
    })
  }
}

/** Each writing of a settled session that came out differently because of its station's model. */
function countTraits(
  station: StationState,
  evse: EvseState,
  work: StationWork,
  derived: DerivedSession,
  measured: Measured,
): void {
  if (measured.flags.includes('register_restarted')) countTrait(station, work, 'registerKind')
  const unplugged = derived.unpluggedAt?.getTime()
  const finishing = evse.statuses.some((s) => s.status === 'finishing' && s.at.getTime() === unplugged)
  if (evse.traits.finishingMeansIdle === false && finishing) countTrait(station, work, 'finishingMeansIdle')
}

function announce(
  deps: ChargerDeps,
  station: StationState,
  evse: EvseState,
  work: StationWork,
  before: SessionState | undefined,
  after: SessionState,
  row: SessionRow,
  settled: boolean,
): void {
  const subject = { type: 'charging_session', id: after.id, version: after.version }
  const place = { sessionId: after.id, stationId: station.record.station_id, evse: evse.number }
  const data = { ...place, energyWh: after.energyWh }
  const tell = (
    type:
      | 'charging_session.updated'
      | 'charging_session.ended'
      | 'charging_session.closed'
      | 'charging_session.corrected',
    occurredAt: Date,
  ) => addEvent(deps, station, work, { type, subject, data, occurredAt })
  if (before === undefined) {
    addEvent(deps, station, work, {
      type: 'charging_session.started',
      subject,
      data: place,
      occurredAt: row.started_at,
    })
  }
  if (after.state === 'active') {
    if (settled) tell('charging_session.corrected', work.receivedAt)
    else if (before !== undefined) tell('charging_session.updated', work.receivedAt)
    // A running session that only counts energy needs no new look at its links.
    if (before === undefined || settled) addBayJob(deps, station, work, evse.bayId)
    if (before !== undefined && !settled && before.holder === after.holder) return
  } else {
    addBayJob(deps, station, work, evse.bayId)
    if (row.ended_at !== null && (before === undefined || before.state === 'active'))
      tell('charging_session.ended', row.ended_at)
    if (after.state === 'closed' && before?.state !== 'closed')
      tell('charging_session.closed', row.unplugged_at ?? work.receivedAt)
    else if (settled) tell('charging_session.corrected', work.receivedAt)
  }
  addSessionJobs(deps, station, work, after.id, { billable: settled || after.state !== 'active' })
}

/** Sessions that no fact supports any more (a late fact merged two into one) stay as rows, marked void. */
function voidOrphans(
  deps: ChargerDeps,
  station: StationState,
  evse: EvseState,
  work: StationWork,
  claimed: ReadonlySet<string>,
): void {
  for (const session of evse.sessions.values()) {
    if (claimed.has(session.id) || session.state === 'void') continue
    const version = session.version + 1
    work.effects.push(
      effect.voidSession({
        organization_id: station.record.organization_id,
        session_id: session.id,
        version,
        updated_at: work.receivedAt,
      }),
    )
    evse.sessions.set(session.id, { ...session, state: 'void', version, energyWh: 0 })
    addEvent(deps, station, work, {
      type: 'charging_session.corrected',
      subject: { type: 'charging_session', id: session.id, version },
      data: { sessionId: session.id, stationId: station.record.station_id, evse: evse.number, energyWh: 0 },
      occurredAt: work.receivedAt,
    })
    addSessionJobs(deps, station, work, session.id, { billable: true })
  }
}
