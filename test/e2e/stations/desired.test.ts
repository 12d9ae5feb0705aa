// Owns what stations are to have, brought about on a live hub: at once, after an absence, after a change at the station itself.
// Must not look into the hub; the simulated stations tell what they have.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { allVersions, type OcppVersion } from '../../setup/ocpp-versions.ts'
import type { SimulatedStation } from '../../sim/index.ts'
import { type AddedStation, freshCode, type LiveHub, liveHub } from '../live-hub.ts'
import { change } from './files.ts'

let hub: LiveHub
beforeAll(async () => {
  hub = await liveHub()
}, 300_000)
afterAll(() => hub.stop())

const settingOf = (version: OcppVersion) =>
  version === 'ocpp1.6' ? 'MeterValueSampleInterval' : 'SampledDataCtrlr.TxUpdatedInterval'
const profile = {
  profileId: 77,
  stackLevel: 0,
  purpose: 'default',
  kind: 'absolute',
  schedules: [{ unit: 'A', startAt: '2026-01-01T00:00:00.000Z', periods: [{ startSeconds: 0, limit: 16 }] }],
}
const networkProfile = {
  url: 'wss://hub.example/ocpp',
  interface: 'wired0',
  version: 'ocpp2.0.1',
  messageTimeoutSeconds: 30,
  securityProfile: 2,
}
const tariff = {
  tariffId: 'day',
  currency: 'EUR',
  energy: { prices: [{ priceKwh: 0.39 }], taxRates: [{ type: 'vat', tax: 19 }] },
}
const message = { messageId: 9, priority: 'normal_cycle', format: 'utf8', content: 'Willkommen' }

describe.each(allVersions)('%s', (version) => {
  const v16 = version === 'ocpp1.6'
  const v21 = version === 'ocpp2.1'
  const key = settingOf(version)
  const kinds = [
    'setting',
    'local_list',
    'profile',
    ...(v16 ? [] : ['display_message', 'network_profile']),
    ...(v21 ? ['default_tariff'] : []),
  ]
  let siteId: string
  let here: { added: AddedStation; station: SimulatedStation }

  const drift = (stationId: string) => hub.all(`stations/${stationId}/drift`)
  const inLine = (stationId: string) =>
    hub.until('the line', async () => {
      const rows = await drift(stationId)
      return rows.length === kinds.length && rows.every((row) => row.state === 'in_line')
    })
  /** What a station must have by then. */
  function expectAll({ state }: SimulatedStation) {
    expect(state.settings.get(key)?.value).toBe('45')
    expect(state.localList.entries.has(hub.card)).toBe(true)
    expect(state.profiles.map(({ profile: one }) => one.chargingProfilePurpose)).toEqual(['TxDefaultProfile'])
    expect([...state.displayMessages.values()].map((one) => one.id)).toEqual(v16 ? [] : [9])
    const networks = [...state.networkProfiles].map(([slot, one]) => [slot, one.ocppCsmsUrl])
    expect(networks).toEqual(v16 ? [] : [[2, networkProfile.url]])
    expect(state.tariffs.map((one) => [one.evse, one.tariff.tariffId])).toEqual(v21 ? [[0, 'day']] : [])
  }

  async function add(): Promise<AddedStation> {
    const code = freshCode('WANT')
    const evses = [{ number: 1, code: `${code}-1`, maxPowerW: 22_000 }]
    const made = await hub.call('POST', 'stations', { siteId, code, defaultProtocol: version, evses })
    return { code, stationId: String(made.stationId), password: String(made.secret), version }
  }

  beforeAll(async () => {
    // A site of its own: what is wanted of a site is wanted of all of its stations.
    const site = { code: freshCode('S'), name: version, timeZone: 'Europe/Berlin', currency: 'EUR' }
    siteId = String((await hub.call('POST', 'sites', site)).siteId)
    const added = await add()
    here = { added, station: hub.play(added) }
    expect(await here.station.connect()).toBe('accepted')
    const values = {
      setting: [key, { value: '45' }],
      local_list: ['list', {}],
      profile: ['default', { profile }],
      display_message: ['welcome', { message }],
      network_profile: ['2', { profile: networkProfile }],
      default_tariff: ['day', { tariff }],
    } as const
    for (const kind of kinds as (keyof typeof values)[]) {
      const [name, value] = values[kind]
      await hub.call('POST', 'desired-items', { scope: 'site', siteId, kind, key: name, value })
    }
  }, 120_000)

  test('a station that is there gets all of it at once', async () => {
    await inLine(here.added.stationId)
    expectAll(here.station)
  }, 150_000)

  test('a station that was away gets in line at its next boot', async () => {
    const added = await add()
    const late = hub.play(added)
    expect(await late.connect()).toBe('accepted')
    await inLine(added.stationId)
    await late.cut()
    // While it is away its memory is lost.
    late.state.localList = { version: 0, entries: new Map() }
    late.state.profiles = []
    late.state.displayMessages.clear()
    late.state.tariffs = []
    const setting = late.state.settings.get(key)
    if (setting !== undefined) setting.value = '60'
    expect(await late.connect()).toBe('accepted')
    await hub.until('the line again', async () => late.state.settings.get(key)?.value === '45')
    await hub.until('the list again', async () => late.state.localList.entries.has(hub.card))
    await hub.until('the profile again', async () => late.state.profiles.length === 1)
    await hub.until('the message again', async () => v16 || late.state.displayMessages.size === 1)
    await hub.until('the tariff again', async () => !v21 || late.state.tariffs.length === 1)
    await inLine(added.stationId)
    expectAll(late)
  }, 150_000)

  test('a change at the station itself is seen as drift when asked to look, and put right', async () => {
    const { added, station } = here
    await inLine(added.stationId)
    const setting = station.state.settings.get(key)
    if (setting !== undefined) setting.value = '7'
    await hub.call('POST', `stations/${added.stationId}/reconcile`)
    const drifted = await hub.until('the drift', async () => {
      const path = `events?type=station.drifted&subjectId=${added.stationId}`
      const { items } = await hub.call<{ items: { data: object }[] }>('GET', path)
      return items[0]
    })
    expect(drifted.data).toMatchObject({ kind: 'setting', key, reason: expect.stringContaining('7') })
    await hub.until('the value', async () => setting?.value === '45')
    await inLine(added.stationId)
    expectAll(station)
  }, 150_000)

  test('a card that is taken back goes from the list of the station', async () => {
    const { added, station } = here
    const value = `04A1${freshCode('').slice(1).toUpperCase()}A1`
    const made = await hub.call('POST', 'credentials', { kind: 'card', presentations: [{ value, encoding: 'hex' }] })
    await hub.until('the card on the list', async () => station.state.localList.entries.has(value))
    await change(hub, `credentials/${made.credentialId}`, { status: 'blocked' })
    await hub.until('its end', async () => !station.state.localList.entries.has(value))
    expect(station.state.localList.entries.has(hub.card)).toBe(true)
    await inLine(added.stationId)
  }, 150_000)
})
