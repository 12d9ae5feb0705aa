// Owns the proof that a hub may be killed at any step of its work: what it acknowledged is stored, once, and nothing is made up.
// Must not know how the hub stores; the model compares what was said with what is found.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Acknowledgements, differences } from './compare.ts'
import { buildGarage, type Garage } from './garage.ts'
import { hubProcess } from './hub-process.ts'
import { untilIdle } from './idle.ts'
import { plants } from './planted.ts'
import { type Probe, probeStep } from './probe.ts'
import { frameSteps, type Step, transactionSteps } from './steps.ts'
import { readStored, type Stored } from './stored.ts'
import { createTraffic } from './traffic.ts'

/** More rounds of killing for the long run: BAYWATT_E2E_ROUNDS=20. */
const rounds = Number(process.env.BAYWATT_E2E_ROUNDS ?? 1)
const limitMs = rounds * 300_000

/** What must be true of the watched message: was it answered, and is it stored? */
const fate: Readonly<Record<(typeof frameSteps)[number], { answered: boolean; stored: boolean }>> = {
  received: { answered: false, stored: false },
  'before-write': { answered: false, stored: false },
  // The database has the whole of it and commits, whether or not anybody is there to hear of it.
  written: { answered: false, stored: true },
  committed: { answered: false, stored: true },
  'before-reply': { answered: false, stored: true },
  replied: { answered: true, stored: true },
}

const killed = { code: null, signal: 'SIGKILL' }

let garage: Garage
beforeAll(async () => {
  garage = await buildGarage()
}, 300_000)
afterAll(() => garage.remove())

describe('a hub killed at an exact step', () => {
  for (const step of [...frameSteps, ...transactionSteps]) {
    test(`${step}: nothing acknowledged is lost, nothing is there twice`, () => killedAt(step), limitMs)
  }
})

async function killedAt(step: Step): Promise<void> {
  const hub = await hubProcess({ dataDir: garage.copy(), adminKey: garage.adminKey })
  const traffic = createTraffic(garage, hub.url, step)
  const probes: Probe[] = []
  try {
    await hub.start()
    if (step in fate) {
      probes.push(await probeStep(hub, garage, step as keyof typeof fate))
      await hub.start()
    }
    for (let round = 1; round <= rounds; round++) {
      await traffic.drained()
      // In the middle of everything, and again while the chargers come back and say it all once more.
      await hub.arm({ step, count: 2 + 11 * round })
      const [ended] = await Promise.all([hub.gone(), traffic.round()])
      expect(ended).toEqual(killed)
      hub.launch()
      await hub.arm({ step, count: 1 + round })
      const during = traffic.drained()
      during.catch(() => undefined)
      expect(await hub.gone()).toEqual(killed)
      await hub.start()
      await during
      await traffic.round()
      await traffic.drained()
    }
    await untilIdle(hub.url)
    await traffic.close()
    expect(await hub.kill('SIGTERM'), hub.output()).toEqual({ code: 0, signal: null })
  } finally {
    await traffic.close()
    await hub.kill('SIGKILL')
  }
  const stored = await readStored(hub.dataDir)
  for (const { station, at, answered } of probes) {
    const row = stored.connector_status.find((one) => one.at.getTime() === at.getTime())
    expect({ answered, stored: row !== undefined }, `${step} at ${station}`).toEqual(fate[step as keyof typeof fate])
  }
  expect(traffic.faults).toEqual([])
  const said = { ...traffic, extraStatuses: probes }
  expect(differences(said, stored)).toEqual([])
  if (step === 'committed') expectPlantsFound(said, stored)
}

/** A comparison that finds nothing is worth as much as what it would have found. */
function expectPlantsFound(
  { visits, acked, sent, facts, acknowledged, extraStatuses }: Acknowledgements,
  stored: Stored,
) {
  const said = { visits, acked, sent, facts, acknowledged: { facts: acknowledged.facts }, extraStatuses }
  const missed = Object.entries(plants).filter(([, plant]) => {
    const [saidThen, storedThen] = structuredClone([said, stored] as const)
    plant(saidThen, storedThen)
    return differences(saidThen, storedThen).length === 0
  })
  expect(missed.map(([name]) => name)).toEqual([])
}
