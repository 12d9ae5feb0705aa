// Owns what meter values change: one row per sample, the running sum of the transaction, the session's energy now and then.
// Must not trust a sample: plausibility is the register rules' business, and suspect samples never move money.
import { createHash } from 'node:crypto'
import type { MeterOutcome, MeterReported, MeterSample, SignedReading } from '../../domain/charger-fact.ts'
import { addReading, compareReadings, type RegisterReading, readingOf } from '../../domain/session/index.ts'
import { effect } from '../../store/charger-effects.ts'
import type { ChargerDeps } from './charger-deps.ts'
import { resolveTransaction } from './resolve-transaction.ts'
import { settleSessions } from './settle-sessions.ts'
import { type EvseState, evseOf, registerRule, type StationState, type TransactionState } from './station-state.ts'
import { addReview, type StationWork } from './station-work.ts'

/** Writes samples of one EVSE; those of a transaction also go into its sum. */
export function addSamples(
  station: StationState,
  work: StationWork,
  evseNumber: number,
  transaction: TransactionState | null,
  samples: readonly MeterSample[],
): void {
  const { organization_id, site_id, station_id } = station.record
  for (const sample of samples) {
    const at = sample.time.at
    // Written out: spread into it, the place made each of these rows 7 kB of garbage, an eighth of all there was.
    const row = {
      organization_id,
      site_id,
      station_id,
      evse_number: evseNumber,
      at,
      context: sample.context,
      transaction_id: transaction?.row.transaction_id ?? null,
      received_at: work.receivedAt,
      register_wh: sample.registerWh ?? null,
      if_kwh_wh: sample.registerIfKwhWh ?? null,
      export_wh: sample.exportWh ?? null,
      power_w: sample.powerW ?? null,
      current_ma: sample.currentMa ?? null,
      voltage_mv: sample.voltageMv ?? null,
      soc: sample.soc ?? null,
      extra: sample.extra ?? null,
      suspect: sample.suspect ?? null,
    }
    work.effects.push(effect.meterValue(row))
    if (transaction !== null && tellsTwice(evseOf(station, evseNumber), transaction, sample))
      work.effects.push(effect.meterValueAgain(row))
    for (const signed of sample.signed ?? [])
      work.effects.push(signedEffect(station, work, evseNumber, transaction, sample, signed))
    if (sample.registerWh === undefined || sample.suspect !== undefined) continue
    const reading = readingOf(at, sample.registerWh, sample.registerIfKwhWh ?? null, sample.powerW ?? null)
    if (transaction === null) {
      work.stationReadings.push(reading)
      const evse = evseOf(station, evseNumber)
      if (at > evse.looseUntil) evse.looseUntil = at
      for (const covering of evse.transactions.filter((t) => covers(t, at))) {
        covering.readings = null
        covering.refold = true
      }
      continue
    }
    work.readings.push({ transactionId: transaction.row.transaction_id, reading })
    transaction.readings?.push(reading)
    if (at.getTime() > transaction.lastSeenAt.getTime()) transaction.lastSeenAt = at
    foldReading(station, evseNumber, transaction, reading)
  }
}

/** Another register for an instant that has one: a clock was set back, and the doubled hour must not hide the energy of the second. */
function tellsTwice(
  { transactions }: EvseState,
  transaction: TransactionState,
  { time: { at }, registerWh }: MeterSample,
): boolean {
  if (registerWh === undefined) return false
  const { readings, lastSeenAt } = transaction
  // Where only the database knows all readings, it looks for itself.
  if (readings === null || transactions.some((t) => t !== transaction && covers(t, at))) return true
  return (
    at.getTime() <= lastSeenAt.getTime() && readings.some((r) => r.at.getTime() === at.getTime() && r.wh !== registerWh)
  )
}

/** Its own record beside the sample: it outlives the samples, and one that comes again is the same one. */
function signedEffect(
  station: StationState,
  work: StationWork,
  evseNumber: number,
  transaction: TransactionState | null,
  { time, context }: MeterSample,
  signed: SignedReading,
) {
  const bytes = Buffer.from(signed.data, 'utf8')
  const { organization_id, site_id, station_id } = station.record
  return effect.signedMeterValue({
    organization_id,
    site_id,
    station_id,
    evse_number: evseNumber,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    transaction_id: transaction?.row.transaction_id ?? null,
    at: time.at,
    context,
    received_at: work.receivedAt,
    measurand: signed.measurand,
    encoding: signed.encoding ?? null,
    method: signed.method ?? null,
    public_key: signed.publicKey ?? null,
    data: bytes.toString('base64'),
  })
}

function foldReading(
  station: StationState,
  evseNumber: number,
  transaction: TransactionState,
  reading: RegisterReading,
): void {
  const { base, doubtful } = transaction.register
  const last = doubtful !== null && (base === null || doubtful.at > base.at) ? doubtful : base
  if (last !== null && compareReadings(last, reading) === 0) return
  if (transaction.refold || (last !== null && compareReadings(last, reading) > 0)) transaction.refold = true
  else {
    const { maxPowerW, traits } = evseOf(station, evseNumber)
    transaction.register = addReading(transaction.register, reading, maxPowerW, registerRule(traits, transaction))
  }
}

export async function reduceMeter(
  deps: ChargerDeps,
  station: StationState,
  work: StationWork,
  fact: MeterReported,
): Promise<MeterOutcome> {
  const stored = { stored: fact.samples.length }
  if (fact.evse < 1 && fact.name === undefined) {
    addSamples(station, work, 0, null, fact.samples)
    return stored
  }
  const first = fact.samples[0]
  const at = first?.time.at ?? work.receivedAt
  const named = fact.name === undefined ? null : await resolveTransaction(deps, station, fact.name, at, fact.evse)
  const evse = evseOf(station, named?.row.evse_number ?? fact.evse)
  const transaction = named ?? coveringTransaction(evse, at)
  const suspectName =
    fact.name !== undefined && named === null && (fact.name.by === 'station' || fact.name.number !== null)
  if (suspectName && transaction === null) {
    addReview(deps, station, work, {
      contentKey: `meter:${evse.number}:${at.toISOString()}`,
      kind: 'meter_unmatched',
      reason: 'Meter values name a transaction that the hub does not know and none was running on that connector.',
      data: { name: fact.name, evse: evse.number, at },
      at,
    })
  }
  addSamples(station, work, evse.number, transaction, fact.samples)
  if (evse.number < 1) return stored
  // The hot path: a running session whose energy was written a moment ago has nothing else to learn from a sample.
  const session = transaction?.row.session_id == null ? undefined : evse.sessions.get(transaction.row.session_id)
  const fresh =
    session !== undefined && work.receivedAt.getTime() - session.writtenAt.getTime() < deps.settings.sessionRefreshMs
  if (transaction !== null && session?.state === 'active' && fresh && !transaction.refold) return stored
  const relevant = new Set(transaction === null ? evse.transactions.filter((t) => t.lastSeenAt >= at) : [transaction])
  await settleSessions(deps, station, evse, work, new Set(), relevant)
  return stored
}

/** The transaction of the EVSE that was running at `at` (catalogue T4), or the one still open (T3). */
function coveringTransaction(evse: EvseState, at: Date): TransactionState | null {
  const all = evse.transactions.filter((t) => covers(t, at))
  return all.length === 1 ? (all[0] ?? null) : null
}

function covers({ row }: TransactionState, at: Date): boolean {
  const ms = at.getTime()
  return (
    row.state !== 'review' && row.started_at.getTime() <= ms && (row.ended_at === null || row.ended_at.getTime() >= ms)
  )
}
