// Owns the model: what the hub acknowledged, beside what it stored. Every difference is told in words; none is right.
// Must not use the hub's own rules: what must be there follows from what was said and answered.
import type { AckedMessage, WireFact } from '../../sim/index.ts'
import { prices } from './garage.ts'
import type { Stored } from './stored.ts'
import type { Traffic, Visit } from './traffic.ts'

export interface Acknowledgements {
  visits: readonly Visit[]
  acked: readonly AckedMessage[]
  sent: Traffic['sent']
  facts: readonly WireFact[]
  acknowledged: { facts: ReadonlyMap<string, { fact: WireFact; status: string }> }
  /** Reports that the simulators know nothing of. */
  extraStatuses: readonly { station: string; at: Date }[]
}

type Payload = Record<string, unknown>

interface MeterPayload {
  timestamp: string
  sampledValue: { value: string | number; context?: string; measurand?: string }[]
}

const contexts: Readonly<Record<string, string>> = {
  'Transaction.Begin': 'begin',
  'Transaction.End': 'end',
  'Sample.Periodic': 'periodic',
}
const registerName = 'Energy.Active.Import.Register'

/** An empty list when everything acknowledged is stored exactly once and nothing else is. */
export function differences(said: Acknowledgements, stored: Stored): string[] {
  const problems = chargerDifferences(said, stored)
  compareParking(said, stored, problems)
  compareMoney(said, stored, problems)
  return problems
}

/** The chargers' part alone. */
export function chargerDifferences(said: Acknowledgements, stored: Stored): string[] {
  const problems: string[] = []
  compareChargers(said, stored, problems)
  compareSessions(said, stored, problems)
  return problems
}

/** Both ways: what is missing, what is there too often, what nobody said. */
function compareSets(what: string, wanted: Iterable<string>, found: Iterable<string>, problems: string[]): void {
  const expected = new Set(wanted)
  const counts = new Map<string, number>()
  for (const key of found) counts.set(key, (counts.get(key) ?? 0) + 1)
  for (const key of expected) if (!counts.has(key)) problems.push(`${what} missing: ${key}`)
  for (const [key, count] of counts) {
    if (count > 1) problems.push(`${what} stored ${count} times: ${key}`)
    if (!expected.has(key)) problems.push(`${what} that nobody told: ${key}`)
  }
}

const iso = (at: Date | string | null) => (at === null ? '-' : new Date(at).toISOString())

function compareChargers({ acked, sent, extraStatuses }: Acknowledgements, stored: Stored, problems: string[]) {
  const codes = new Map(stored.station.map((row) => [row.station_id, row.code]))
  const code = (id: string) => codes.get(id) ?? id
  const refs = new Map(
    stored.ocpp_transaction.map((row) => [
      row.transaction_id,
      `${code(row.station_id)}#${row.number ?? row.station_ref}`,
    ]),
  )

  // ---- transactions: by what was said at the begin, and by what was answered
  const begins = new Map<string, string>()
  const ends = new Map<string, string>()
  const meters = new Map<string, string>()
  const events = new Set<string>()
  const statuses = new Set<string>()
  const numbers = new Map<string, string>()
  const addMeter = (key: string, ref: string, wh: unknown) => meters.set(key, `${ref} ${Math.round(Number(wh))}`)
  for (const message of acked) {
    const { stationId, action, version, outcome } = message
    const payload: Payload = message.payload ?? {}
    const evse = Number(payload.connectorId ?? (payload.evse as { id?: number } | undefined)?.id ?? payload.evseId ?? 0)
    const status = String(payload.status ?? payload.connectorStatus)
    if (action === 'StatusNotification') {
      statuses.add(`${stationId}/${evse} ${iso(String(payload.timestamp))} ${status.toLowerCase()}`)
    } else if (action === 'StartTransaction') {
      const ref = `${stationId}#${outcome.payload.transactionId}`
      const begin = `${stationId}/${evse} ${payload.idTag} ${iso(String(payload.timestamp))} ${payload.meterStart}`
      const before = numbers.get(ref)
      if (before !== undefined && before !== begin)
        problems.push(`number used twice: ${ref} for ${before} and ${begin}`)
      numbers.set(ref, begin)
      if (begins.has(ref) && begins.get(ref) !== begin) problems.push(`two begins of ${ref}`)
      begins.set(ref, begin)
      events.add(`${ref} started - ${iso(String(payload.timestamp))}`)
      addMeter(`${stationId}/${evse} ${iso(String(payload.timestamp))} begin`, ref, payload.meterStart)
    } else if (action === 'StopTransaction') {
      const ref = `${stationId}#${payload.transactionId}`
      ends.set(ref, `${iso(String(payload.timestamp))} ${payload.meterStop} ${payload.reason}`)
      events.add(`${ref} ended - ${iso(String(payload.timestamp))}`)
      addMeter(`${stationId}/1 ${iso(String(payload.timestamp))} end`, ref, payload.meterStop)
    } else if (action === 'MeterValues' && version === 'ocpp1.6') {
      for (const value of payload.meterValue as MeterPayload[]) {
        addMeter(keyOfMeter(stationId, evse, value), `${stationId}#${payload.transactionId}`, registerOf(value))
      }
    } else if (action === 'TransactionEvent') {
      const info = payload.transactionInfo as { transactionId: string; stoppedReason?: string }
      const ref = `${stationId}#${info.transactionId}`
      const at = iso(String(payload.timestamp))
      const values = (payload.meterValue ?? []) as MeterPayload[]
      const [first] = values
      events.add(`${ref} ${String(payload.eventType).toLowerCase()} ${payload.seqNo} ${at}`)
      if (payload.eventType === 'Started') {
        const token = (payload.idToken as { idToken: string }).idToken
        begins.set(ref, `${stationId}/${evse} ${token} ${at} ${first && registerOf(first)}`)
      }
      if (payload.eventType === 'Ended') ends.set(ref, `${at} ${first && registerOf(first)} ${info.stoppedReason}`)
      for (const value of values) addMeter(keyOfMeter(stationId, evse, value), ref, registerOf(value))
    }
  }
  const text = (ref: string, what: string | undefined) => `${ref} ${what}`
  compareSets(
    'begin',
    [...begins].map(([ref, begin]) => text(ref, begin)),
    stored.ocpp_transaction.map((row) =>
      text(
        refs.get(row.transaction_id) ?? '',
        `${code(row.station_id)}/${row.evse_number} ${row.id_token} ${iso(row.started_at)} ${row.meter_start_wh}`,
      ),
    ),
    problems,
  )
  compareSets(
    'end',
    [...ends].map(([ref, end]) => text(ref, end)),
    stored.ocpp_transaction
      .filter((row) => row.state === 'ended')
      .map((row) =>
        text(refs.get(row.transaction_id) ?? '', `${iso(row.ended_at)} ${row.meter_stop_wh} ${row.stop_reason}`),
      ),
    problems,
  )
  compareSets(
    'transaction event',
    events,
    stored.transaction_event.map(
      (row) => `${refs.get(row.transaction_id)} ${row.kind} ${row.sequence ?? '-'} ${iso(row.at)}`,
    ),
    problems,
  )
  compareSets(
    'meter value',
    [...meters].map(([key, value]) => `${key} ${value}`),
    stored.meter_value.map(
      (row) =>
        `${code(row.station_id)}/${row.evse_number} ${iso(row.at)} ${row.context} ${refs.get(row.transaction_id ?? '')} ${row.register_wh}`,
    ),
    problems,
  )
  for (const row of stored.station) {
    const highest = Math.max(
      0,
      ...stored.ocpp_transaction.filter((t) => t.station_id === row.station_id).map((t) => t.number ?? 0),
    )
    if (row.next_transaction_number <= highest) problems.push(`${row.code} would give number ${highest} again`)
  }

  // ---- status reports are told once and may be lost with their connection; those that were answered may not
  const reported = new Set(
    stored.connector_status.map(
      (row) => `${code(row.station_id)}/${row.evse_number} ${iso(row.at)} ${row.raw_status?.toLowerCase()}`,
    ),
  )
  for (const key of statuses) if (!reported.has(key)) problems.push(`status missing: ${key}`)
  const told = new Set(
    sent
      .filter((one) => one.action === 'StatusNotification')
      .map((one) => `${one.stationId} ${iso(String(one.payload?.timestamp))}`),
  )
  for (const extra of extraStatuses) told.add(`${extra.station} ${iso(extra.at)}`)
  for (const row of stored.connector_status) {
    const key = `${code(row.station_id)} ${iso(row.at)}`
    if (!told.has(key)) problems.push(`status that nobody told: ${key}`)
  }

  // ---- the journal has the frame of everything that was answered after it was stored
  const frames = new Map<string, number>()
  for (const row of stored.station_message) {
    const id = row.direction === 'in' ? /^\s*\[\s*2\s*,\s*"([^"]+)"/.exec(row.frame)?.[1] : undefined
    if (id !== undefined) frames.set(id, (frames.get(id) ?? 0) + 1)
  }
  for (const { action, outcome, stationId } of acked) {
    if (action === 'Heartbeat') continue
    const count = frames.get(outcome.messageId) ?? 0
    if (count !== 1)
      problems.push(`frame of ${stationId} ${action} ${outcome.messageId} is ${count} times in the journal`)
  }
  for (const row of stored.review_item) problems.push(`for review: ${row.kind}, ${row.reason}`)
}

function keyOfMeter(stationId: string, evse: number, value: MeterPayload): string {
  const context = contexts[value.sampledValue[0]?.context ?? ''] ?? '?'
  return `${stationId}/${evse} ${iso(value.timestamp)} ${context}`
}

function registerOf(value: MeterPayload): number {
  return Math.round(Number(value.sampledValue.find((one) => one.measurand === registerName)?.value))
}

function compareSessions({ visits, acked }: Acknowledgements, stored: Stored, problems: string[]): void {
  const codes = new Map(stored.station.map((row) => [row.station_id, row.code]))
  const alive = new Map(
    stored.charging_session.filter((row) => row.state !== 'void').map((row) => [row.session_id, row]),
  )
  const members = new Map<string, number>()
  for (const row of stored.ocpp_transaction) {
    const session = row.session_id === null ? undefined : alive.get(row.session_id)
    if (session === undefined) problems.push(`transaction ${row.number ?? row.station_ref} is in no session`)
    else members.set(session.session_id, (members.get(session.session_id) ?? 0) + 1)
  }
  for (const id of alive.keys()) if (!members.has(id)) problems.push(`session ${id} has no transaction`)

  const delivered = new Map(visits.map((visit) => [`${visit.station} ${visit.card}`, 0]))
  for (const visit of visits) {
    const key = `${visit.station} ${visit.card}`
    delivered.set(key, (delivered.get(key) ?? 0) + visit.deliveredWh)
  }
  const counted = new Map<string, number>()
  for (const row of alive.values()) {
    const key = `${codes.get(row.station_id)} ${row.id_token}`
    counted.set(key, (counted.get(key) ?? 0) + row.energy_wh)
    if (row.state === 'active') problems.push(`session ${row.session_id} of ${key} still runs`)
  }
  for (const [key, wh] of delivered) {
    if (counted.get(key) !== wh)
      problems.push(`energy of ${key}: ${wh} Wh delivered, ${counted.get(key)} Wh in sessions`)
  }
  if (alive.size !== visits.length)
    problems.push(`${visits.length} cars were plugged in, ${alive.size} sessions are stored`)
  const begun = new Set(
    acked.filter((one) => one.transaction !== undefined).map((one) => `${one.stationId} ${one.transaction}`),
  )
  if (begun.size !== visits.length) problems.push(`${begun.size} transactions were played for ${visits.length} cars`)
}

function compareParking({ visits, facts, acknowledged }: Acknowledgements, stored: Stored, problems: string[]): void {
  const name = (id: string, revision: number) => `${id}/${revision}`
  for (const fact of facts) {
    const key = name(fact.id, fact.revision)
    if (!acknowledged.facts.has(key)) problems.push(`fact ${key} was never answered`)
  }
  const line = (id: string, revision: number, type: string, at: Date | string, ref: unknown, data: unknown) =>
    `${name(id, revision)} ${type} ${iso(at)} ${ref} ${sorted(data)}`
  compareSets(
    'fact',
    [...acknowledged.facts.values()].map(({ fact }) =>
      line(fact.id, fact.revision, fact.type, fact.occurredAt, fact.stayRef, fact.data),
    ),
    stored.parking_fact.map((row) =>
      line(row.vendor_event_id, row.revision, row.type, row.occurred_at, row.stay_ref, row.data),
    ),
    problems,
  )
  const newest = new Map<string, number>()
  for (const { id, revision } of facts) newest.set(id, Math.max(revision, newest.get(id) ?? 0))
  for (const row of stored.parking_fact) {
    const current = newest.get(row.vendor_event_id) === row.revision
    if (row.superseded === current) problems.push(`fact ${name(row.vendor_event_id, row.revision)} counts wrongly`)
  }
  compareSets(
    'stay',
    visits.map((one) => `${one.stayRef} ${iso(one.enteredAt)} ${iso(one.exitedAt)} paid ${one.paidMinor}`),
    stored.stay
      .filter((row) => row.state !== 'voided')
      .map((row) => `${row.stay_ref} ${iso(row.entered_at)} ${iso(row.exited_at)} paid ${row.paid_minor}`),
    problems,
  )
  const paid = stored.payment.reduce((sum, row) => sum + (row.kind === 'refunded' ? -1 : 1) * row.amount_minor, 0)
  const wanted = visits.reduce((sum, one) => sum + one.paidMinor, 0)
  if (paid !== wanted) problems.push(`${wanted} cents were paid, ${paid} are stored`)
  compareSets(
    'link',
    visits.map((one) => `${one.stayRef} ${one.station} ${one.card} ${one.deliveredWh} Wh`),
    stored.link
      .filter((row) => row.state === 'linked')
      .map((row) => {
        const stay = stored.stay.find((one) => one.stay_id === row.stay_id)
        const session = stored.charging_session.find((one) => one.session_id === row.session_id)
        const station = stored.station.find((one) => one.station_id === session?.station_id)
        return `${stay?.stay_ref} ${station?.code} ${session?.id_token} ${session?.energy_wh} Wh`
      }),
    problems,
  )
}

function compareMoney({ visits }: Acknowledgements, stored: Stored, problems: string[]): void {
  const subjects = new Map<string, { minor: number; wh: number }>()
  for (const row of stored.bill_line) {
    const bill = stored.bill.find((one) => one.bill_id === row.bill_id)
    const about = row.session_id === null ? `stay ${row.stay_id}` : `session ${row.session_id}`
    const key = `${about} ${row.kind} on ${bill?.subject_key}`
    const sum = subjects.get(key) ?? { minor: 0, wh: 0 }
    const sign = row.total_minor < 0 ? -1 : 1
    const quantity = row.kind === 'ENERGY' ? sign * Math.abs(Number(row.quantity)) * 1000 : 0
    subjects.set(key, { minor: sum.minor + row.total_minor, wh: sum.wh + quantity })
  }
  const standing = [...subjects].filter(([, { minor }]) => minor !== 0)
  const wanted = visits.flatMap((one) => {
    const stay = stored.stay.find((row) => row.stay_ref === one.stayRef)
    const session = stored.charging_session.find(
      (row) =>
        row.session_id === stored.link.find((l) => l.stay_id === stay?.stay_id && l.state === 'linked')?.session_id,
    )
    const hours = Math.ceil((one.exitedAt.getTime() - one.enteredAt.getTime()) / 3_600_000)
    const on = `on stay:${stay?.stay_id}`
    const energy = `session ${session?.session_id} ENERGY ${on}: ${(one.deliveredWh * prices.energyKwhMinor) / 1000} for ${one.deliveredWh} Wh`
    return [
      `stay ${stay?.stay_id} PARKING ${on}: ${hours * prices.parkingHourMinor} for 0 Wh`,
      energy,
      `session ${session?.session_id} SESSION ${on}: ${prices.sessionMinor} for 0 Wh`,
    ]
  })
  compareSets(
    'billed',
    wanted,
    standing.map(([key, { minor, wh }]) => `${key}: ${minor} for ${Math.round(wh)} Wh`),
    problems,
  )

  // ---- bills: numbers without gaps, and every one with a journal entry of the same money
  const numbers = stored.bill.map((row) => row.number).sort((a, b) => a - b)
  if (numbers.some((number, i) => number !== i + 1)) problems.push(`bill numbers are not 1, 2, 3, …: ${numbers.join()}`)
  const moved = new Map<string, number>()
  for (const posting of stored.journal_posting) {
    const before = moved.get(posting.entry_id) ?? 0
    const debit = posting.debit_account === 'receivable' ? posting.amount_minor : 0
    const credit = posting.credit_account === 'receivable' ? posting.amount_minor : 0
    moved.set(posting.entry_id, before + debit - credit)
  }
  compareSets(
    'journal entry',
    [
      ...stored.bill.map((row) => `bill ${row.bill_id} ${row.total_minor}`),
      ...stored.payment.map(
        (row) => `payment ${row.payment_id} ${row.kind === 'refunded' ? row.amount_minor : -row.amount_minor}`,
      ),
    ],
    stored.journal_entry.map((row) => `${row.source_type} ${row.source_id} ${moved.get(row.entry_id) ?? 0}`),
    problems,
  )
  for (const bill of stored.bill) {
    const lines = stored.bill_line.filter((row) => row.bill_id === bill.bill_id)
    const sum = lines.reduce((total, row) => total + row.total_minor, 0)
    if (sum !== bill.total_minor) problems.push(`bill ${bill.number} says ${bill.total_minor}, its lines say ${sum}`)
  }
}

/** The same content gives the same text, whatever the order of its keys. */
function sorted(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
