// Owns a small garage for the dashboard to show: a whole hub in this process, gates that post facts, chargers that dial in.
// Must not touch the hub but over its sockets.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../../../core/runtime/config.ts'
import { type Hub, startHub } from '../../../core/runtime/hub.ts'
import { type ManualClock, manualClock } from '../../../core/testing/manual-clock.ts'
import { createHubClient } from '../../../plugins/demo/hub-client.ts'
import type { WireFact } from '../../../plugins/demo/parcs/facts.ts'
import type { SiteSetup } from '../../../plugins/demo/scenario/month.ts'
import { faultsOfText } from '../../adapters/ocpp/official-schemas.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { eventually } from '../../setup/eventually.ts'
import { createParcs, createStation, type Parcs, type Station } from '../../sim/index.ts'
import { createTroubleLog } from '../trouble-log.ts'

export const adminKey = 'bwk_test_dashboard_0123456789abcdef'

export const cards = { ada: '04A1B2C3D4E5F6', bob: '04778899AABBCC' }

const charger = (id: string, version: 'ocpp1.6' | 'ocpp2.0.1', bay: string): SiteSetup['stations'][number] => ({
  id,
  version,
  vendor: 'Sim',
  model: 'Wall 22',
  txStartPoint: 'Authorized',
  quirk: null,
  quirks: {},
  registerWh: 1_000_000,
  evses: [{ number: 1, code: `${id}-1`, bay, maxPowerW: 22_000 }],
  camera: false,
})

const site: SiteSetup = {
  code: 'RING',
  name: 'Ring garage',
  timeZone: 'Europe/Berlin',
  currency: 'EUR',
  areas: [
    { code: 'A', name: 'Deck A' },
    { code: 'B', name: 'Deck B' },
  ],
  bays: [
    ...[1, 2, 3, 4].map((n) => ({ code: `A-${n}`, area: 'A', kind: 'ev' as const, sensor: 'presence' as const })),
    { code: 'A-5', area: 'A', kind: 'standard', sensor: 'presence' },
    { code: 'B-1', area: 'B', kind: 'standard', sensor: 'none' },
  ],
  lanes: [
    { code: 'E1', name: 'Entry', direction: 'entry' },
    { code: 'X1', name: 'Exit', direction: 'exit' },
  ],
  stations: [
    charger('CP-01', 'ocpp1.6', 'A-1'),
    charger('CP-02', 'ocpp2.0.1', 'A-2'),
    charger('CP-03', 'ocpp1.6', 'A-3'),
    charger('CP-04', 'ocpp2.0.1', 'A-4'),
  ],
  accounts: [
    { ref: 'ada', name: 'Ada', kind: 'person', parkerKind: 'member', status: 'active' },
    { ref: 'bob', name: 'Bob', kind: 'person', parkerKind: 'member', status: 'active' },
  ],
  vehicles: [
    { ref: 'ada-car', account: 'ada', plate: 'B-WA 1234', country: 'DE' },
    { ref: 'bob-car', account: 'bob', plate: 'B-KA 2566', country: 'DE' },
  ],
  credentials: [
    { ref: 'ada-card', account: 'ada', kind: 'card', value: cards.ada, status: 'active' },
    { ref: 'bob-card', account: 'bob', kind: 'card', value: cards.bob, status: 'active' },
  ],
  tariffs: [
    {
      code: 'PARK',
      name: 'Parking',
      scope: 'parking',
      rules: {
        scope: 'parking',
        tax: { code: 'standard', percent: '19', included: false },
        bands: [{ everyMinutes: 60, price: '2.00' }],
      },
    },
    {
      code: 'CHARGE',
      name: 'Charging',
      scope: 'charging',
      rules: {
        scope: 'charging',
        tax: { code: 'standard', percent: '19', included: false },
        energy: { price: '0.39' },
      },
    },
  ],
}

export interface LiveGarage {
  readonly url: string
  readonly errors: readonly string[]
  clock: ManualClock
  siteId: string
  api<T = Row>(method: string, path: string, body?: unknown): Promise<T>
  /** All items of a list of this site. */
  list(path: string, query?: Record<string, string>): Promise<Row[]>
  /** Sets up the site with its chargers; none has dialled in yet. */
  furnish(): Promise<void>
  /** A car passes a gate. */
  passes(
    direction: 'entry' | 'exit',
    car: { plate?: string; card?: string; ticket?: string; ref?: string },
  ): Promise<void>
  fact(fact: { type: string; data: object; lane?: string; stayRef?: string }): Promise<void>
  /** A charger that dials in; one that the hub does not know has no password. */
  charger(id: string, version: 'ocpp1.6' | 'ocpp2.0.1'): Promise<Station>
  settled(): Promise<void>
  /** The hub goes down, and comes back at the same address. */
  down(): Promise<void>
  up(): Promise<void>
  close(): Promise<void>
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
export type Row = any

export async function liveGarage(): Promise<LiveGarage> {
  const database: TestDatabase = await createTestDatabase()
  const dataDir = mkdtempSync(join(tmpdir(), 'baywatt-dashboard-'))
  const clock = manualClock(new Date('2026-03-10T13:00:00Z'))
  const { log, errors } = createTroubleLog()
  const stations: Station[] = []
  const faults: string[] = []
  let hub: Hub | undefined
  let port = 0
  let facts = 0
  let parcs: Parcs | undefined
  let passwords: ReadonlyMap<string, { stationId: string; password: string }> = new Map()

  const up = async () => {
    const config = readConfig({ BAYWATT_PORT: String(port), BAYWATT_ADMIN_KEY: adminKey, DATABASE_URL: database.url })
    hub = await startHub({ config: { ...config, dataDir }, log, clock })
    port = hub.port
  }
  const down = async () => {
    await hub?.stop()
    hub = undefined
  }
  await up()

  const self: LiveGarage = {
    get url() {
      return `http://127.0.0.1:${port}`
    },
    errors,
    clock,
    siteId: '',
    async api(method, path, body) {
      const response = await fetch(`${self.url}/api/v1/${path}`, {
        method,
        headers: {
          authorization: `Bearer ${adminKey}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      if (response.status === 429) {
        // The page under test and this share one key; whoever asks too often waits.
        await new Promise((resolve) => setTimeout(resolve, 500))
        return self.api(method, path, body)
      }
      if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`)
      return text === '' ? undefined : JSON.parse(text)
    },
    async list(path, query = {}) {
      const asked = new URLSearchParams({ siteId: self.siteId, limit: '200', ...query })
      return (await self.api('GET', `${path}?${asked}`)).items
    },
    async furnish() {
      const client = createHubClient({ hubUrl: self.url, adminKey })
      const secret = `whsec_${Buffer.from('a secret of thirty-two bytes, ok').toString('base64')}`
      const built = await client.setUpSite(site, new Date('2026-01-01T00:00:00Z'), { newSecret: secret })
      self.siteId = built.siteId
      passwords = built.stations
      parcs = createParcs({ hubUrl: self.url, ...built.connection, clock, seed: 1 })
      await eventually(async () => (await self.list('connections')).some((one) => one.state === 'running'), 'the gates')
    },
    async passes(direction, { plate, card, ticket, ref }) {
      const credentials = [
        ...(plate === undefined ? [] : [{ kind: 'plate' as const, value: plate, country: 'DE', confidence: 0.8 }]),
        ...(card === undefined ? [] : [{ kind: 'card' as const, value: card, encoding: 'hex' }]),
        ...(ticket === undefined ? [] : [{ kind: 'ticket' as const, value: ticket }]),
      ]
      await self.fact({
        type: 'gate.passed',
        lane: direction === 'entry' ? 'E1' : 'X1',
        ...(ref === undefined ? {} : { stayRef: ref }),
        data: { direction, credentials },
      })
    },
    async fact(fact) {
      // Of two facts of one instant neither is the later one.
      clock.advance(1_000)
      const whole = {
        id: `fact-${++facts}`,
        revision: 1,
        occurredAt: clock.now().toISOString(),
        backfilled: false,
        ...fact,
      }
      parcs?.record(whole as WireFact)
      await parcs?.flush()
      if (parcs && parcs.rejected.length > 0) throw new Error(JSON.stringify(parcs.rejected))
      await self.settled()
    },
    async charger(id, version) {
      const known = passwords.get(id)
      const station = createStation({
        url: `${self.url.replace('http', 'ws')}/ocpp`,
        stationId: id,
        ...(known === undefined ? {} : { password: known.password }),
        version,
        clock,
        seed: 1,
        registersWh: [1_000_000],
        onHeard: (text, answered) => faults.push(...faultsOfText(version, text, answered)),
      })
      stations.push(station)
      await station.connect()
      return station
    },
    settled: async () => {
      await hub?.idle()
    },
    down,
    up,
    async close() {
      for (const station of stations) await station.close().catch(() => {})
      await down()
      await database.drop()
      rmSync(dataDir, { recursive: true, force: true })
      if (faults.length > 0) throw new Error(`the hub sent invalid frames:\n${faults.join('\n')}`)
    },
  }
  return self
}
