// Owns the proof that the main job is done: real days of a real garage, over real sockets, end in books that agree with the truth.
// Must not test parts; a difference found here gets a test of its own beside the part that made it.
import { describe, expect, it } from 'vitest'
import { noiseProfiles } from '../../plugins/demo/scenario/index.ts'
import { type PlayedDays, playDays } from './played-hub.ts'

const day = { seed: 'baywatt', fromDay: 0 }

describe('days of a real month', () => {
  it('end in books that agree with the truth when everything works', async () => {
    const played = await playDays({ ...day, fromDay: 1, days: 1, noise: noiseProfiles.off })
    expectCleanBooks(played)
    const { links } = played.report.reconciliation
    expect(links.linkable).toBeGreaterThan(5)
    expect(links.rightPerMille).toBe(1_000)
  }, 240_000)

  it('end in books that agree with the truth with misread plates, lost cables, late and doubled facts', async () => {
    const played = await playDays({ ...day, days: 1.5, noise: noiseProfiles.default })
    expectCleanBooks(played)
    const { truth } = played.month
    // The days have trouble in them: without it this would prove no more than the quiet run.
    expect(truth.sessions.flatMap(({ anomalies }) => anomalies).length).toBeGreaterThan(0)
    expect(played.report.reconciliation.links.rightPerMille).toBeGreaterThanOrEqual(970)
  }, 480_000)
})

function expectCleanBooks({ month, report, errors, faults }: PlayedDays): void {
  const { played, reconciliation } = report
  expect(errors).toEqual([])
  expect(faults).toEqual([])
  expect(played).toMatchObject({ undelivered: 0, violations: [], givenUp: [], rejectedFacts: [] })
  expect(reconciliation.differences.filter(({ explained }) => !explained)).toEqual([])
  expect(reconciliation.clean).toBe(true)
  const { stays, sessions, links, energy, money } = reconciliation
  expect(stays).toMatchObject({ true: month.truth.stays.length, matched: month.truth.stays.length })
  expect(sessions).toMatchObject({ true: month.truth.sessions.length, matched: month.truth.sessions.length })
  expect(links.wrong).toBe(0)
  expect(energy.recordedWh).toBeGreaterThan(0)
  expect(energy.billedWh).toBe(energy.recordedWh)
  expect(money.postedMinor).toBe(money.totalMinor)
  expect(money.payments).toBe(played.payments)
}
