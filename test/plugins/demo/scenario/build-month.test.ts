// Owns the proof that the generated month is repeatable, adds up to the data, and is physically possible.
// Must not play it.
import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { standardEngine } from '../../../../plugins/tariff-standard/index.ts'
import { buildMonth, loadAcnMonth, type Month, noiseProfiles, type StationStep } from '../../../sim/index.ts'

const acn = loadAcnMonth()
const months = new Map<string, Month>()
const names = ['off', 'default', 'harsh'] as const
const month = (name: (typeof names)[number]): Month => {
  const known = months.get(name)
  if (!known) throw new Error('built before all tests')
  return known
}
beforeAll(() => {
  for (const name of names) months.set(name, buildMonth({ ...acn, seed: 'spring', noise: noiseProfiles[name] }))
})

const digest = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex')
const stationSteps = (m: Month) => m.timeline.filter((step): step is StationStep => step.kind.startsWith('station.'))

describe('the data', () => {
  it('is March 2019 in the garage, to the watt-hour', () => {
    expect(acn.sessions).toHaveLength(954)
    expect(acn.stations).toHaveLength(54)
    expect(acn.sessions.reduce((sum, one) => sum + one.energyWh, 0)).toBe(8_900_523)
  })
})

describe('the same seed', () => {
  it('gives the same month, another seed another one', () => {
    const input = { ...acn, sessions: acn.sessions.slice(0, 200), noise: noiseProfiles.default }
    expect(digest(buildMonth({ ...input, seed: 7 }))).toBe(digest(buildMonth({ ...input, seed: 7 })))
    expect(digest(buildMonth({ ...input, seed: 7 }))).not.toBe(digest(buildMonth({ ...input, seed: 8 })))
  })
})

describe.each(names)('a month with noise %s', (name) => {
  it('delivers exactly the energy of the data, session by session', () => {
    const m = month(name)
    const byId = new Map(acn.sessions.map((one) => [one.id, one.energyWh]))
    const delivered = new Map<string, number>()
    const plugged = new Map<string, string>()
    for (const step of stationSteps(m)) {
      if (step.kind === 'station.plugIn') plugged.set(step.stationId, step.session)
      if (step.kind === 'station.unplug') delivered.set(plugged.get(step.stationId) ?? '', step.deliveredWh)
    }
    expect(delivered).toEqual(byId)
    expect(m.truth.sessions.reduce((sum, one) => sum + one.energyWh, 0)).toBe(8_900_523)
    for (const one of m.truth.sessions) {
      expect(one.charges.reduce((sum, charge) => sum + charge.energyWh, 0)).toBe(one.energyWh)
    }
  })

  it('plugs each car in within the rounding of the data', () => {
    const real = new Map(acn.sessions.map((one) => [one.id, one]))
    for (const one of month(name).truth.sessions) {
      const { arrival, departure } = real.get(one.id) ?? { arrival: new Date(0), departure: new Date(0) }
      expect(Math.abs(one.pluggedAt.getTime() - arrival.getTime())).toBeLessThanOrEqual(150_000)
      expect(Math.abs(one.unpluggedAt.getTime() - departure.getTime())).toBeLessThanOrEqual(150_000)
    }
  })

  it('keeps one car at a cable, registers that never fall, and power within the nameplate', () => {
    const open = new Map<string, { at: number; wh: number; since: number }>()
    for (const step of stationSteps(month(name))) {
      const now = open.get(step.stationId)
      if (step.kind === 'station.plugIn') {
        expect(now).toBeUndefined()
        open.set(step.stationId, { at: step.at.getTime(), wh: 0, since: step.at.getTime() })
      }
      if (!('deliveredWh' in step) || !now) continue
      expect(step.deliveredWh).toBeGreaterThanOrEqual(now.wh)
      // One watt-hour of rounding per reading, and readings are minutes apart.
      const hours = (step.at.getTime() - now.since) / 3_600_000
      expect(step.deliveredWh - now.wh).toBeLessThanOrEqual(7680 * hours + 1)
      open.set(step.stationId, { ...now, wh: step.deliveredWh, since: step.at.getTime() })
      if (step.kind === 'station.unplug') open.delete(step.stationId)
    }
    expect(open.size).toBe(0)
  })

  it('lets every car in before it plugs in and out after it unplugs, and nobody be in twice', () => {
    const m = month(name)
    const sessions = new Map(m.truth.sessions.map((one) => [one.id, one]))
    const lastOut = new Map<string, number>()
    for (const stay of m.truth.stays) {
      expect(stay.enteredAt.getTime()).toBeGreaterThan(lastOut.get(stay.driver) ?? 0)
      lastOut.set(stay.driver, stay.exitedAt.getTime())
      for (const id of stay.sessions) {
        const session = sessions.get(id)
        expect(session?.stayRef).toBe(stay.ref)
        expect(session?.pluggedAt.getTime()).toBeGreaterThan(stay.enteredAt.getTime())
        expect(session?.unpluggedAt.getTime()).toBeLessThan(stay.exitedAt.getTime())
      }
    }
    expect(m.truth.stays.flatMap((stay) => stay.sessions)).toHaveLength(954)
  })

  it('is in order, and switches each line off and on by turns', () => {
    const m = month(name)
    const line = new Map<string, boolean>()
    for (const [i, step] of m.timeline.entries()) {
      expect(step.at.getTime()).toBeGreaterThanOrEqual(m.timeline[i - 1]?.at.getTime() ?? 0)
      if (step.kind === 'station.cable' || step.kind === 'parcs.line') {
        const key = step.kind === 'parcs.line' ? 'parcs' : step.stationId
        expect(step.online).toBe(!(line.get(key) ?? true))
        line.set(key, step.online)
      }
      if (step.kind === 'station.appStart') expect(line.get(step.stationId) ?? true).toBe(true)
    }
    expect([...line.values()].every((online) => online)).toBe(true)
  })

  it('never tells a fact before it happened, and each id and revision with one content', () => {
    const contents = new Map<string, string>()
    for (const step of month(name).timeline) {
      if (step.kind !== 'parcs.fact') continue
      expect(step.at.getTime()).toBeGreaterThanOrEqual(new Date(step.fact.occurredAt).getTime())
      const key = `${step.fact.id}/${step.fact.revision}`
      const content = JSON.stringify(step.fact)
      expect(contents.get(key) ?? content).toBe(content)
      contents.set(key, content)
    }
  })
})

describe('noise', () => {
  it('off leaves nothing unclear: no misread, no late or double fact, everything linkable but free vend', () => {
    const m = month('off')
    const facts = m.timeline.flatMap((step) => (step.kind === 'parcs.fact' ? [step] : []))
    expect(new Set(facts.map((step) => step.fact.id)).size).toBe(facts.length)
    expect(facts.every((step) => step.at.toISOString() === step.fact.occurredAt)).toBe(true)
    expect(m.truth.stays.every((stay) => stay.plateRead === 'right' && !stay.entryMissing && !stay.exitMissing)).toBe(
      true,
    )
    expect(m.truth.sessions.filter((one) => one.linkable === 'doubtful')).toEqual([])
    expect(m.site.stations.every((station) => station.quirk === null)).toBe(true)
  })

  it('default plants every kind of fault at about its stated rate', () => {
    const { truth, timeline, site } = month('default')
    const share = (part: number, whole: number) => part / whole
    const misread = truth.stays.filter((stay) => stay.plateRead !== 'right').length
    expect(share(misread, truth.stays.length)).toBeGreaterThan(0.02)
    expect(share(misread, truth.stays.length)).toBeLessThan(0.04)
    expect(share(truth.stays.filter((stay) => stay.exitMissing).length, truth.stays.length)).toBeGreaterThan(0.02)
    expect(share(truth.stays.filter((stay) => stay.exitMissing).length, truth.stays.length)).toBeLessThan(0.04)
    const anomalies = new Set(truth.sessions.flatMap((one) => one.anomalies.map((a) => a.split(':')[0])))
    expect(anomalies).toEqual(
      new Set([
        'cablePulled',
        'stopAndRestart',
        'powerCut',
        'shuffled',
        'strangerCard',
        'freeStart',
        'entryMissing',
        'exitMissing',
        'quirk',
      ]),
    )
    const types = new Set(timeline.flatMap((step) => (step.kind === 'parcs.fact' ? [step.fact.type] : [])))
    for (const type of [
      'gate.backedOut',
      'stay.corrected',
      'stay.voided',
      'discount.applied',
      'credential.observed',
    ] as const) {
      expect(types).toContain(type)
    }
    expect(truth.refusals).toBeGreaterThan(20)
    expect(truth.backouts).toBeGreaterThan(20)
    expect(truth.voidedStayRefs.length).toBeGreaterThan(5)
    expect(site.stations.filter((station) => station.version === 'ocpp1.6')).toHaveLength(27)
    expect(new Set(site.stations.map((station) => station.quirk)).size).toBeGreaterThan(12)
  })

  it('leaves at least nine of ten sessions certainly linkable by default', () => {
    const { sessions } = month('default').truth
    expect(sessions.filter((one) => one.linkable === 'certain').length).toBeGreaterThan(sessions.length * 0.9)
    for (const one of sessions) {
      if (one.linkable === 'certain') expect(one.evidence.length).toBeGreaterThan(0)
      expect(one.reason).not.toBe('')
    }
  })
})

describe('the garage as set up', () => {
  it('has cards that gate and charger spell differently, one per person', () => {
    const { credentials, accounts } = month('default').site
    const values = credentials.map((one) => one.value)
    expect(new Set(values).size).toBe(values.length)
    for (const one of credentials) expect(accounts.some((account) => account.ref === one.account)).toBe(true)
    const gate = month('default').timeline.flatMap((step) =>
      step.kind === 'parcs.fact' && 'credentials' in step.fact.data ? (step.fact.data.credentials ?? []) : [],
    )
    const forms = new Set(gate.filter((one) => one.kind === 'card').map((one) => one.encoding))
    expect(forms).toEqual(new Set(['dec', 'hex', 'facilityCard']))
    expect(gate.some((one) => one.kind === 'card' && values.includes(one.value))).toBe(false)
  })

  it('has tariffs that the standard tariff accepts', () => {
    for (const { scope, rules } of month('default').site.tariffs) {
      expect(standardEngine().check(rules, { scope, currency: 'USD' })).toEqual({ kind: 'valid' })
    }
  })
})
