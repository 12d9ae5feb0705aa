// Owns a whole hub for the recipes: every plugin of the tree, real sockets, a real database, and a garage with gates, prices and chargers.
// Must not play anything, and must not look into the hub's tables.
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { readConfig } from '../../core/runtime/config.ts'
import { startHub } from '../../core/runtime/hub.ts'
import { inTreePlugins } from '../../core/runtime/in-tree-plugins.ts'
import { playedClock } from '../e2e/acceptance/played-clock.ts'
import { api } from '../e2e/kill/garage.ts'
import { untilIdle } from '../e2e/kill/idle.ts'
import { createTestDatabase, silent } from '../setup/database.ts'
import { eventually } from '../setup/eventually.ts'
import { createParcs, type SimulatedStation, simulatedStation, type WireFact } from '../sim/index.ts'

// biome-ignore lint/suspicious/noExplicitAny: records of the API in every shape
export type Json = any

const adminKey = 'bwk_recipes_0123456789abcdefghijklmno'

/** Minutes of the played day, which begins six hours ago. */
const dayBegins = Math.floor(Date.now() / 1000) * 1000 - 6 * 3_600_000
export const at = (minute: number) => new Date(dayBegins + minute * 60_000)

export interface RecipeHub {
  url: string
  call(method: string, path: string, body?: unknown): Promise<Json>
  items(path: string): Promise<Json[]>
  /** Changes a record as it stands now. */
  change(path: string, body: object): Promise<void>
  /** Waits until nothing is left to do. */
  idle(): Promise<void>
  garage(settings?: object): Promise<RecipeGarage>
  stop(): Promise<void>
}

interface Told {
  stayRef?: string
  lane?: string
  revision?: number
  id?: string
}

export interface RecipeGarage {
  siteId: string
  connectionId: string
  /** Tells the hub of one thing at one minute of the day and has it taken; answers how. */
  tell(type: WireFact['type'], minute: number, data: object, more?: Told): Promise<string>
  asks(credentials: object[], requestId?: string): Promise<Json>
  /** Answers where the vendor reaches the connection; `made` is told its id before it runs. */
  connect(
    pluginId: string,
    config: object,
    secrets: object,
    made?: (connectionId: string) => void,
  ): Promise<{ connectionId: string; url: string }>
  bay(code: string): Promise<string>
  station(
    bays?: readonly string[],
  ): Promise<{ station: SimulatedStation; stationId: string; goTo(minute: number): void }>
  stays(): Promise<Json[]>
  sessions(): Promise<Json[]>
  links(): Promise<Json[]>
  /** What stands on all bills of a stay or session together, in cents by kind of line. */
  billed(query: string): Promise<Record<string, number>>
}

export async function recipeHub(): Promise<RecipeHub> {
  const database = await createTestDatabase()
  const dataDir = mkdtempSync(join(tmpdir(), 'baywatt-recipes-'))
  const env = { BAYWATT_PORT: '0', BAYWATT_ADMIN_KEY: adminKey, DATABASE_URL: database.url }
  const hub = await startHub({ config: { ...readConfig(env), dataDir }, log: silent, plugins: inTreePlugins })
  const { call } = api(hub.url, adminKey)
  const items = async (path: string) => (await call<{ items: Json[] }>('GET', path)).items
  const idle = () => untilIdle(hub.url)
  const played: SimulatedStation[] = []
  const ask = (method: string, path: string, body?: unknown) => call<Json>(method, path, body)

  async function garage(settings: object = {}): Promise<RecipeGarage> {
    const code = `R${randomUUID().slice(0, 8)}`
    const { siteId } = await ask('POST', 'sites', {
      code,
      timeZone: 'Europe/Berlin',
      currency: 'EUR',
      settings: {
        settle_delay_minutes: 0,
        link_window_minutes: 0,
        session_hold_hours: 0,
        open_stay_hold_hours: 0,
        ...settings,
      },
    })
    for (const direction of ['entry', 'exit'])
      await ask('POST', 'lanes', { siteId, code: direction, name: direction, direction })
    const rules = {
      parking: { scope: 'parking', bands: [{ everyMinutes: 60, price: '2.00' }], day: 'none' },
      charging: { scope: 'charging', energy: { price: '0.40' } },
    }
    for (const scope of ['parking', 'charging'] as const) {
      const tariff = { siteId, code: `${code}-${scope}`, name: scope, scope, currency: 'EUR', rules: rules[scope] }
      const { tariffId } = await ask('POST', 'tariffs', { ...tariff, validFrom: '2020-01-01T00:00:00Z' })
      await ask('POST', 'tariff-assignments', { siteId, tariffId })
    }
    const signing = `whsec_${Buffer.alloc(32, 9).toString('base64')}`
    const connected = async (
      pluginId: string,
      config: object,
      secrets: object,
      made: (connectionId: string) => void = () => undefined,
    ) => {
      const { connectionId } = await ask('POST', 'connections', { pluginId, siteId, name: pluginId, config, secrets })
      made(connectionId)
      let shown = ''
      await eventually(async () => {
        const { state, stateReason } = await ask('GET', `connections/${connectionId}`)
        shown = `${state} ${stateReason}`
        return state === 'running' || state === 'degraded'
      }, pluginId).catch((error: Error) => {
        throw new Error(`${error.message}: ${shown}`)
      })
      return String(connectionId)
    }
    const connectionId = await connected('parcs-http', {}, { signing })
    const answers: string[] = []
    const parcs = createParcs({
      hubUrl: hub.url,
      connectionId,
      secret: signing,
      clock: { now: () => new Date() },
      seed: code,
      onAcked: (_, { status }) => answers.push(status),
    })
    let told = 0
    return {
      siteId,
      connectionId,
      async connect(pluginId, config, secrets, made) {
        const id = await connected(pluginId, config, secrets, made)
        return { connectionId: id, url: `${hub.url}/in/${id}` }
      },
      async tell(type, minute, data, { id = `f${++told}`, revision = 1, ...more } = {}) {
        const fact = { id, revision, type, occurredAt: at(minute).toISOString(), backfilled: false, data, ...more }
        parcs.record(fact as WireFact)
        await parcs.flush()
        expect([parcs.queued, parcs.rejected]).toEqual([[], []])
        return answers.at(-1) ?? ''
      },
      async asks(credentials, requestId = randomUUID()) {
        for (;;) {
          const occurredAt = new Date().toISOString()
          const question = { requestId, lane: 'entry', direction: 'entry', credentials, occurredAt } as const
          const answer = await parcs.askGate(question as never)
          if (answer.kind !== 'answered') throw new Error('the gate heard nothing')
          // On a machine that is busy elsewhere the hub may miss its budget; the driver asks again.
          if (answer.decision.reasonCode !== 'deadline') return answer.decision
        }
      },
      bay: async (bay) => (await ask('POST', 'bays', { siteId, code: bay, kind: 'ev' })).bayId,
      async station(bays = []) {
        const name = `CP-${randomUUID().slice(0, 8)}`
        const evses = [1, 2].map((number) => ({
          number,
          code: `${name}-${number}`,
          maxPowerW: 22_000,
          ...(bays[number - 1] === undefined ? {} : { bayId: bays[number - 1] }),
        }))
        const made = await ask('POST', 'stations', { siteId, code: name, defaultProtocol: 'ocpp2.0.1', evses })
        const clock = playedClock()
        clock.set(at(0))
        const station = simulatedStation({
          url: `${hub.url.replace(/^http/, 'ws')}/ocpp`,
          code: name,
          password: made.secret,
          clock,
          version: 'ocpp2.0.1',
          evses: 2,
          maxPowerW: 6_000,
        })
        played.push(station)
        expect(await station.connect()).toBe('accepted')
        return {
          station,
          stationId: made.stationId,
          goTo: (minute) => clock.pass(station, (at(minute).getTime() - clock.now().getTime()) / 60_000),
        }
      },
      async stays() {
        await idle()
        return items(`stays?siteId=${siteId}&sort=enteredAt`)
      },
      async sessions() {
        await idle()
        return items(`charging-sessions?siteId=${siteId}`)
      },
      async links() {
        await idle()
        return items(`links?siteId=${siteId}`)
      },
      async billed(query) {
        await idle()
        const bills = await items(`bills?${query}`)
        const sums: Record<string, number> = {}
        for (const { billId } of bills)
          for (const line of (await ask('GET', `bills/${billId}`)).lines)
            sums[line.kind] = (sums[line.kind] ?? 0) + line.totalMinor
        return sums
      },
    }
  }

  return {
    url: hub.url,
    call: ask,
    items,
    async change(path, body) {
      await ask('PATCH', path, body)
    },
    idle,
    garage,
    async stop() {
      await Promise.all(played.map((one) => one.disconnect()))
      await hub.stop()
      await database.drop()
      rmSync(dataDir, { recursive: true, force: true })
      expect(played.flatMap((one) => one.violations)).toEqual([])
    },
  }
}

/** Enrols a card of a new account. */
export async function enrol(
  hub: RecipeHub,
  value: string,
  account: object = {},
): Promise<{ accountId: string; credentialId: string }> {
  const made = { name: 'Ada', kind: 'person', parkerKind: 'transient', ...account }
  const { accountId } = await hub.call('POST', 'accounts', made)
  const presentations = [{ value, encoding: 'hex' }]
  const { credentialId } = await hub.call('POST', 'credentials', { kind: 'card', accountId, presentations })
  return { accountId, credentialId }
}

export const cardOf = (value: string, more: object = {}) => ({ kind: 'card', value, encoding: 'hex', ...more })
export const plateOf = (value: string, more: object = {}) => ({ kind: 'plate', value, ...more })
