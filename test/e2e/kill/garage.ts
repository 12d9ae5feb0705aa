// Owns the small garage of these tests: six chargers of both protocol versions, twelve cards, two prices and one parking line.
// Must not play anything; traffic.ts does.
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OcppVersion } from '../../sim/index.ts'
import { type HubProcess, hubProcess } from './hub-process.ts'

export interface GarageStation {
  code: string
  stationId: string
  password: string
  version: OcppVersion
  /** Used in turn, so that two charges never look like one. */
  cards: readonly [string, string]
}

export interface Garage {
  adminKey: string
  siteId: string
  connectionId: string
  signingSecret: string
  stations: readonly GarageStation[]
  /** A copy of the data directory of this garage; a hub of its own can run on it. */
  copy(): string
  remove(): void
}

export const adminKey = 'bwk_e2e_0123456789abcdefghijklmnopqrstuv'

/** One price for every started hour, and one for every kilowatt-hour: what a bill must say can be reckoned by hand. */
export const prices = { parkingHourMinor: 200, energyKwhMinor: 40, sessionMinor: 50 }

export interface Api {
  call<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T>
}

export function api(url: string, key: string): Api {
  return {
    async call<T>(method: string, path: string, body?: unknown): Promise<T> {
      for (;;) {
        const response = await fetch(`${url}/api/v1/${path}`, {
          method,
          headers: {
            authorization: `Bearer ${key}`,
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        })
        const text = await response.text()
        if (response.status === 429) {
          await new Promise((resolve) => setTimeout(resolve, 250))
          continue
        }
        if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text.slice(0, 600)}`)
        return (text === '' ? {} : JSON.parse(text)) as T
      }
    },
  }
}

/** Builds the garage in a hub of its own and keeps its data directory as the mould of copies. */
export async function buildGarage(): Promise<Garage> {
  const home = mkdtempSync(join(tmpdir(), 'baywatt-e2e-'))
  const mould = join(home, 'mould')
  let copies = 0
  const hub = await hubProcess({ dataDir: mould, adminKey })
  try {
    await hub.start()
    const made = await furnish(hub)
    const { code } = await hub.kill('SIGTERM')
    if (code !== 0) throw new Error(`the hub did not stop cleanly (${code}):\n${hub.output()}`)
    return {
      adminKey,
      ...made,
      copy() {
        const dir = join(home, `copy-${++copies}`)
        cpSync(mould, dir, { recursive: true })
        return dir
      },
      remove: () => rmSync(home, { recursive: true, force: true }),
    }
  } catch (error) {
    await hub.kill('SIGKILL')
    rmSync(home, { recursive: true, force: true })
    throw error
  }
}

async function furnish(hub: HubProcess): Promise<Omit<Garage, 'adminKey' | 'copy' | 'remove'>> {
  const { call } = api(hub.url, adminKey)
  const make = async (path: string, idField: string, body: unknown) => String((await call('POST', path, body))[idField])
  const siteId = await make('sites', 'siteId', {
    code: 'E2E',
    name: 'Test garage',
    timeZone: 'Europe/Berlin',
    currency: 'EUR',
    // Nothing waits for late facts: whatever comes late must be put right by adjustments.
    settings: { settle_delay_minutes: 0, link_window_minutes: 0, session_hold_hours: 0, open_stay_hold_hours: 0 },
  })
  for (const [code, direction] of [
    ['IN', 'entry'],
    ['OUT', 'exit'],
  ])
    await call('POST', 'lanes', { siteId, code, name: code, direction })
  const perHour = (prices.parkingHourMinor / 100).toFixed(2)
  const rules = {
    parking: { scope: 'parking', bands: [{ everyMinutes: 60, price: perHour }], day: 'none' },
    charging: {
      scope: 'charging',
      energy: { price: (prices.energyKwhMinor / 100).toFixed(2) },
      session: { price: (prices.sessionMinor / 100).toFixed(2) },
    },
  }
  for (const scope of ['parking', 'charging'] as const) {
    const tariffId = await make('tariffs', 'tariffId', {
      siteId,
      code: scope,
      name: scope,
      scope,
      currency: 'EUR',
      rules: rules[scope],
      validFrom: '2020-01-01T00:00:00Z',
    })
    await call('POST', 'tariff-assignments', { siteId, tariffId })
  }
  const stations: GarageStation[] = []
  for (let i = 1; i <= 6; i++) {
    const version: OcppVersion = i % 2 === 1 ? 'ocpp1.6' : 'ocpp2.0.1'
    const code = `CP-${i}`
    const bayId = await make('bays', 'bayId', { siteId, code: `B${i}`, kind: 'ev' })
    const station = await call('POST', 'stations', {
      siteId,
      code,
      defaultProtocol: version,
      evses: [{ number: 1, code: `${code}-1`, bayId, maxPowerW: 22_000 }],
    })
    const cards = [`04A1B2C3D4${i}0`, `04A1B2C3D4${i}1`] as const
    for (const [n, value] of cards.entries()) {
      const accountId = await make('accounts', 'accountId', {
        number: `A-${i}-${n}`,
        name: `Driver ${i}-${n}`,
        kind: 'person',
        parkerKind: 'transient',
      })
      await call('POST', 'credentials', {
        accountId,
        kind: 'card',
        presentations: [{ value: `${value}00`, encoding: 'hex' }],
      })
    }
    stations.push({
      code,
      stationId: String(station.stationId),
      password: String(station.secret),
      version,
      cards: [`${cards[0]}00`, `${cards[1]}00`],
    })
  }
  const signingSecret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
  const connectionId = await make('connections', 'connectionId', {
    pluginId: 'parcs-http',
    siteId,
    name: 'Gates',
    config: {},
    secrets: { signing: signingSecret },
  })
  return { siteId, connectionId, signingSecret, stations }
}
