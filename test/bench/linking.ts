// Owns the measurement of linking: how right it is on seeded garages, how long a fact takes in memory, and through the services.
// Must not be run by the test suite (`npm run bench:linking`); test/domain/link/linking-quality.test.ts holds the same targets there.
import { defaultLinkPolicy, untaughtPlateModel } from '../../core/domain/link/index.ts'
import { benchGarage } from './linking/garage.ts'
import { linker } from './linking/incremental.ts'
import { holdOutSeeds, measure, targets, together } from './linking/measure.ts'
import { pairing } from './linking/pairing.ts'
import { servicesTime } from './linking/services-time.ts'

const terms = { policy: defaultLinkPolicy, model: untaughtPlateModel }
const percent = (share: number) => `${(share * 100).toFixed(2)} %`
const print = (line: string) => console.log(line)
let missed = 0
const held = (name: string, ok: boolean) => {
  if (!ok) missed++
  return ok ? name : `${name} MISSED`
}

print(
  `Held-out seeds ${holdOutSeeds.join(', ')}. Linkable: gate and charger both told of one identity, however badly it was read.`,
)
for (const bays of [300, 3_000]) {
  for (const plateErrors of [0.01, 0.03, 0.08]) {
    let mostOpen = 0
    let cpuMs = 0
    const times: number[] = []
    const all = together(
      holdOutSeeds.map((seed) => {
        const garage = benchGarage({ bays, seed, plateErrors })
        const run = linker(terms)
        const before = process.cpuUsage()
        for (const fact of garage.facts) {
          const from = performance.now()
          run.take(fact)
          times.push(performance.now() - from)
        }
        const { user, system } = process.cpuUsage(before)
        cpuMs += (user + system) / 1_000
        mostOpen = Math.max(mostOpen, garage.mostOpen)
        return measure(garage, run, terms)
      }),
    )
    times.sort((a, b) => a - b)
    const p99 = times[Math.floor(times.length * 0.99)] ?? 0
    // Processor time, garbage collection included: what else the machine does is not the engine's.
    const mean = cpuMs / times.length
    print(`\n${bays} bays, ${mostOpen} cars inside at most, ${percent(plateErrors)} of plates misread`)
    print(`  sessions ${all.sessions}, linkable ${all.linkable}, linked ${all.linked}, wrong ${all.wrong}`)
    const everRight = all.linked === 0 ? 1 : 1 - all.everWrong / all.linked
    print(
      `  ${held('precision', everRight >= targets.precision)} ${percent(everRight)} of all links ever made without asking`,
    )
    print(
      `  ${held('coverage', plateErrors > 0.03 || all.coverage >= targets.coverage)} ${percent(all.coverage)} of linkable sessions`,
    )
    print(`  ${held('questions', all.reviewShare < targets.reviewShare)} ${percent(all.reviewShare)} of sessions`)
    print(
      `  ${held('calibration', all.calibrationError < targets.calibrationError)} error ${all.calibrationError.toFixed(4)}`,
    )
    for (const { from, to, pairs, said, right } of all.bins)
      if (pairs > 0)
        print(`    score ${from}–${to}: ${pairs} pairs, said ${said.toFixed(3)}, right ${right.toFixed(3)}`)
    print(
      `  ${held('time', bays < 3_000 || mean < 1)} per fact: processor mean ${mean.toFixed(3)} ms, wall clock p99 ${p99.toFixed(3)} ms`,
    )
  }
}

print('\nEntries and exits of cars known by their plate alone, 3 % of exits and 1 % of entries unseen:')
for (const cars of [675, 6_750]) {
  for (const plateErrors of [0.01, 0.03, 0.08]) {
    const runs = holdOutSeeds.map((seed) => pairing(cars, plateErrors, seed))
    const sum = (of: (one: (typeof runs)[number]) => number) => runs.reduce((total, one) => total + of(one), 0)
    const [paired, wrong] = [sum((one) => one.paired), sum((one) => one.wrong)]
    print(
      `  ${cars} cars, ${percent(plateErrors)} misread: ${sum((one) => one.misread)} misread between entry and exit, ${paired} paired, ${sum((one) => one.apart)} apart, ${wrong} wrong (of ${cars * runs.length} stays), ${(sum((one) => one.meanMs) / runs.length).toFixed(3)} ms a passage`,
    )
    held('pairing', wrong / (cars * runs.length) <= 1 - targets.precision)
  }
}

print('\nThrough the services, on PostgreSQL that syncs to disk:')
const { open, facts, mean, p99 } = await servicesTime(3_000, 300)
print(
  `  ${open} open stays: ${facts} evaluations of stays and sessions, mean ${mean.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
)
if (missed > 0) {
  print(`\n${missed} targets missed.`)
  process.exitCode = 1
}
