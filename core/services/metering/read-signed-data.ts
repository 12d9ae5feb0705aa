// Owns what is said about a session's signed meter data: read, checked and held against what was billed; and its downloads.
// Must not change a byte of it: what is downloaded is what the station sent.
import { compareEnergy } from '../../domain/meter/compare-energy.ts'
import { type OcmfReading, parseOcmf } from '../../domain/meter/ocmf.ts'
import { appendAudit } from '../../store/audit.ts'
import type { Page } from '../../store/keyset.ts'
import { getRecord, type ListQuery, listRecords } from '../../store/record-table.ts'
import { type ChargingSession, chargingSessions } from '../../store/sessions-read.ts'
import {
  keysOf,
  type MeterKey,
  meterKeys,
  type SignedMeterValue,
  signedValuesOf,
} from '../../store/signed-meter-values.ts'
import { stations } from '../../store/stations.ts'
import { refusable } from '../manage/manage-record.ts'
import { type Access, notFound, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { type SignatureVerdict, verifyOcmf } from './verify-ocmf.ts'

type Reading = Pick<ServiceDeps, 'db'>
type Key = { meterSerial: string | null; publicKey: string }

export interface SignedRecord extends Omit<SignedMeterValue, 'data' | 'publicKey' | 'encoding' | 'method'> {
  sizeBytes: number
  format: 'OCMF' | 'unknown'
  problem: string | null
  meterSerial: string | null
  pagination: string | null
  readings: OcmfReading[]
  signature: SignatureVerdict['kind'] | 'no_key'
  signatureReason: string | null
  keySource: 'registered' | 'sent' | null
}

/** The text of a record. OCPP 2.x sends it in base64, 1.6 mostly as it is. */
export function textOfRecord(data: Buffer): string {
  const text = data.toString('utf8')
  if (text.startsWith('OCMF|') || !/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(text)) return text
  const inner = Buffer.from(text, 'base64').toString('utf8')
  return inner.startsWith('OCMF|') ? inner : text
}

export function readSignedRecord(value: SignedMeterValue, registered: readonly Key[]): SignedRecord {
  const { sha256, at, context, receivedAt, measurand, data } = value
  const shared = { sha256, at, context, receivedAt, measurand, sizeBytes: data.length }
  const parsed = parseOcmf(textOfRecord(data))
  if (parsed.kind === 'unreadable') {
    const nothing = { meterSerial: null, pagination: null, readings: [], signatureReason: null, keySource: null }
    return { ...shared, ...nothing, format: 'unknown', problem: parsed.reason, signature: 'not_verifiable_here' }
  }
  const { meterSerial, pagination, readings } = parsed
  const fitting = registered.filter((key) => key.meterSerial === null || key.meterSerial === meterSerial)
  const keySource = fitting.length > 0 ? 'registered' : value.publicKey === null ? null : 'sent'
  const keys =
    fitting.length > 0 ? fitting.map((key) => key.publicKey) : [value.publicKey].filter((key) => key !== null)
  const verdicts = keys.map((key) => verifyOcmf(parsed, key))
  const best = verdicts.find(({ kind }) => kind === 'verified') ?? verdicts[0]
  return {
    ...shared,
    format: 'OCMF',
    problem: null,
    meterSerial,
    pagination,
    readings,
    signature: best?.kind ?? 'no_key',
    signatureReason: best === undefined || best.kind === 'verified' ? null : best.reason,
    keySource,
  }
}

async function valuesOf(deps: Reading, access: Access, sessionId: string) {
  const session = await getRecord(deps.db, chargingSessions, access, sessionId)
  if (session === undefined) return undefined
  const values = (await signedValuesOf(deps.db, access.organizationId, [sessionId])).get(sessionId) ?? []
  return { session, values }
}

export function listSignedData(deps: Reading) {
  return async (access: Access, sessionId: string) => {
    const found = await valuesOf(deps, access, sessionId)
    if (found === undefined) return notFound
    const { session, values } = found
    const keys = await keysFor(deps, access, session)
    const records = values.map((value) => readSignedRecord(value, keys))
    const readings = records.flatMap((record) => record.readings)
    return ok({ sessionId, billedWh: session.energyWh, ...compareEnergy(readings, session.energyWh), records })
  }
}

function keysFor({ db }: Reading, { organizationId }: Access, session: ChargingSession): Promise<Key[]> {
  return keysOf(db, { organizationId, stationId: session.stationId, evse: session.evseNumber })
}

export function signedRecordBytes(deps: Reading) {
  return async (access: Access, sessionId: string, sha256: string): Promise<Outcome<Buffer>> => {
    const found = await valuesOf(deps, access, sessionId)
    const value = found?.values.find((each) => each.sha256 === sha256)
    return value === undefined ? notFound : ok(value.data)
  }
}

const contexts: Readonly<Record<string, string>> = { begin: 'Transaction.Begin', end: 'Transaction.End' }

/** The container that the S.A.F.E. transparency software opens: values with their signed data and key. */
export function transparencyFile(deps: Reading) {
  return async (access: Access, sessionId: string): Promise<Outcome<string>> => {
    const found = await valuesOf(deps, access, sessionId)
    if (found === undefined || found.values.length === 0) return notFound
    const [registered] = await keysFor(deps, access, found.session)
    const values = found.values.map((value) => {
      const context = contexts[value.context]
      const key = registered?.publicKey ?? value.publicKey
      const plain = (key ?? '').replace(/-----[A-Z ]+-----|\s+/g, '')
      const encoding = /^[0-9a-fA-F]+$/.test(plain) ? 'hex' : 'base64'
      const known = key === null ? '' : `<publicKey encoding="${encoding}">${escaped(plain)}</publicKey>`
      const said = context === undefined ? '' : ` context="${context}"`
      const data = escaped(textOfRecord(value.data))
      return ` <value transactionId="1"${said}>\n  <signedData format="OCMF" encoding="plain">${data}</signedData>${known}\n </value>\n`
    })
    return ok(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<values>\n${values.join('')}</values>\n`)
  }
}

/** XML 1.0 has no control characters, whatever a station sent. */
function escaped(text: string): string {
  const names: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }
  return text
    .replace(/[&<>]/g, (letter) => names[letter] ?? '')
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
}

export function listMeterKeys(deps: Reading) {
  return async (access: Access, stationId: string, query: ListQuery): Promise<Outcome<Page<MeterKey>>> => {
    if ((await getRecord(deps.db, stations, access, stationId)) === undefined) return notFound
    return ok(await listRecords(deps.db, meterKeys, access, { ...query, stationId }))
  }
}

export function addMeterKey(deps: ServiceDeps) {
  return (
    access: Access,
    stationId: string,
    input: { evse?: number; meterSerial?: string; publicKey: string },
  ): Promise<Outcome<MeterKey>> =>
    refusable(deps, async (trx) => {
      const station = await getRecord(trx, stations, access, stationId)
      if (station === undefined) return notFound
      const keyId = deps.newId()
      const now = deps.clock.now()
      await trx
        .insertInto('meter_key')
        .values({
          organization_id: access.organizationId,
          site_id: station.siteId,
          key_id: keyId,
          station_id: stationId,
          evse_number: input.evse ?? 0,
          meter_serial: input.meterSerial ?? null,
          public_key: input.publicKey,
          added_by: access.actor,
          created_at: now,
        })
        .execute()
      const key = await getRecord(trx, meterKeys, access, keyId)
      if (key === undefined) return notFound
      await log(deps, trx, access, 'created', key, now)
      return ok(key)
    })
}

export function archiveMeterKey(deps: ServiceDeps) {
  return (access: Access, stationId: string, keyId: string): Promise<Outcome<MeterKey>> =>
    refusable(deps, async (trx) => {
      const key = await getRecord(trx, meterKeys, access, keyId, 'lock')
      if (key === undefined || key.stationId !== stationId || key.archivedAt !== null) return notFound
      const now = deps.clock.now()
      await trx
        .updateTable('meter_key')
        .set({ archived_at: now })
        .where('organization_id', '=', access.organizationId)
        .where('key_id', '=', keyId)
        .execute()
      await log(deps, trx, access, 'archived', key, now)
      return ok(key)
    })
}

function log(
  deps: Pick<ServiceDeps, 'newId'>,
  trx: ServiceDeps['db'],
  access: Access,
  action: string,
  key: MeterKey,
  now: Date,
): Promise<void> {
  return appendAudit(trx, access.organizationId, {
    auditId: deps.newId(),
    siteId: key.siteId,
    at: now,
    actor: access.actor,
    action: `meter_key.${action}`,
    subjectType: 'meter_key',
    subjectId: key.keyId,
    before: null,
    after: { ...key },
    requestId: access.requestId,
  })
}
