// Owns the set-up of a charger gateway on a real database for tests: one organization, one site, stations as needed.
// Must not imitate the hub: everything behind the port is the real thing, except that every card is accepted.
import { createHmac, randomUUID } from 'node:crypto'
import type { Authorization, MeterSample, TransactionReported } from '../../../core/domain/charger-fact.ts'
import type { StationOpening, StationSink } from '../../../core/domain/charger-port.ts'
import type { Clock } from '../../../core/domain/clock.ts'
import { systemNewId as newId } from '../../../core/runtime/random.ts'
import { systemClock } from '../../../core/runtime/system-clock.ts'
import { defaultChargerSettings } from '../../../core/services/charger/charger-deps.ts'
import { type ChargerGateway, chargerGateway } from '../../../core/services/charger/charger-gateway.ts'
import { refusingInquiries } from '../../../core/services/charger/inquiry-handlers.ts'
import { groupCommit } from '../../../core/store/group-commit.ts'
import { silent, type TestDatabase } from '../../setup/database.ts'

export const hashSecret = (secret: Uint8Array) => createHmac('sha256', 'test key').update(secret).digest()
export const t0 = Date.parse('2026-03-02T08:00:00Z')
export const at = (minutes: number) => new Date(t0 + minutes * 60_000)
export const time = (minutes: number) => ({ at: at(minutes), device: at(minutes) })

export interface ChargerHarness {
  gateway: ChargerGateway
  organizationId: string
  siteId: string
  addStation(code: string, more?: { maxPowerW?: number }): Promise<string>
  connect(code: string, more?: Partial<StationOpening>): Promise<StationSink>
  close(): Promise<void>
}

export async function chargerHarness(
  database: TestDatabase,
  clock: Clock = systemClock,
  authorise?: (token: string) => Authorization,
): Promise<ChargerHarness> {
  const organizationId = newId()
  const siteId = newId()
  const now = at(0)
  await database.db
    .insertInto('organization')
    .values({ organization_id: organizationId, name: 'Test', created_at: now })
    .execute()
  await database.db
    .insertInto('site')
    .values({
      organization_id: organizationId,
      site_id: siteId,
      code: `s-${siteId.slice(-6)}`,
      name: 'Site',
      time_zone: 'Europe/Berlin',
      currency: 'EUR',
      created_at: now,
      updated_at: now,
    })
    .execute()
  const commits = groupCommit({ pool: database.pool, clock: systemClock, log: silent })
  const gateway = chargerGateway({
    db: database.db,
    pool: database.pool,
    clock,
    newId,
    log: silent,
    groupCommit: commits,
    hashSecret,
    inquiries: refusingInquiries,
    nodeId: `node-${randomUUID()}`,
    authorise: async ({ token }) =>
      authorise?.(token.value) ?? { status: 'accepted', reason: 'every card is accepted here' },
    settings: { ...defaultChargerSettings, unknownStations: 'pending', defaultOrganizationId: organizationId },
  })
  return {
    gateway,
    organizationId,
    siteId,
    async addStation(code, more = {}) {
      const stationId = newId()
      await database.db
        .insertInto('station')
        .values({
          organization_id: organizationId,
          site_id: siteId,
          station_id: stationId,
          code,
          name: code,
          secret_hash: hashSecret(Buffer.from('secret')),
          max_power_w: more.maxPowerW ?? 22_000,
          created_at: now,
          updated_at: now,
        })
        .execute()
      await database.db
        .insertInto('station_identity')
        .values({ identity: code.toLowerCase(), organization_id: organizationId, station_id: stationId })
        .execute()
      return stationId
    },
    async connect(code, more = {}) {
      const admission = await gateway.port.admit({
        identity: code,
        password: Buffer.from('secret'),
        userName: code,
        remoteAddress: '127.0.0.1',
        secure: false,
      })
      if (admission.kind !== 'admitted') throw new Error(`not admitted: ${admission.reason}`)
      return gateway.port.open({
        station: admission.station,
        protocol: 'ocpp1.6',
        remoteAddress: '127.0.0.1',
        deliver: async () => ({ kind: 'timed_out' }),
        displaced: () => undefined,
        ...more,
      })
    },
    async close() {
      await gateway.close()
      await commits.close()
    },
  }
}

export function started(more: Partial<TransactionReported> = {}): TransactionReported {
  return {
    kind: 'transaction',
    phase: 'started',
    name: { by: 'hub', number: null },
    evse: 1,
    connector: 1,
    token: { value: 'CARD', kind: 'unknown' },
    time: time(0),
    registerWh: 1_000,
    samples: [],
    offline: false,
    ...more,
  }
}

export function ended(number: number, more: Partial<TransactionReported> = {}): TransactionReported {
  return {
    kind: 'transaction',
    phase: 'ended',
    name: { by: 'hub', number },
    time: time(60),
    registerWh: 11_000,
    samples: [],
    offline: false,
    ...more,
  }
}

export const sample = (minutes: number, registerWh: number): MeterSample => ({
  time: time(minutes),
  context: 'periodic',
  registerWh,
})
