// Owns the suite for plugins that speak to a parking system: nothing acknowledged that is not stored, nothing stored that is not whole.
// Must not know how a vendor talks; the author plays the vendor's side.
import assert from 'node:assert/strict'
import { inspect, isDeepStrictEqual } from 'node:util'
import type { AnyPlugin, ParkingFact } from '../plugin/index.ts'
import { type ContractCase, contractCase } from './contract-case.ts'
import { createPluginTester, type PluginTester, type TesterOptions } from './plugin-tester.ts'

/** Facts as (id, revision) that the vendor's side was told are safe and need not be sent again. */
export type Acknowledged = readonly { id: string; revision: number }[]

export interface ParcsExercise extends TesterOptions {
  /** Facts that the vendor's side can send; ids and revisions must come through unchanged. */
  facts: readonly ParkingFact[]
  /** Sends them as the vendor would, in one go, and returns what was acknowledged. Rejecting means that nothing was. */
  send(tester: PluginTester, facts: readonly ParkingFact[]): Promise<Acknowledged>
  /** What the vendor should never send but does; each must neither store anything nor bring the plugin down. */
  malformed: readonly { name: string; send(tester: PluginTester): Promise<unknown> }[]
}

export function exerciseParcs(plugin: AnyPlugin, exercise: ParcsExercise): ContractCase[] {
  const { facts, malformed } = exercise
  const key = ({ id, revision }: { id: string; revision: number }) => `${id}#${revision}`
  const keys = (list: Acknowledged) => list.map(key).sort()
  const all = keys(facts)
  const started = async (run: (tester: PluginTester) => Promise<void>) => {
    const tester = createPluginTester(plugin, exercise)
    await tester.start()
    try {
      await run(tester)
    } finally {
      await tester.stop()
    }
  }
  const send = (tester: PluginTester, list: readonly ParkingFact[]) =>
    exercise.send(tester, list).catch((): Acknowledged => [])

  return [
    contractCase('brings every fact to the sink as it was told, and acknowledges it', async () => {
      await started(async (tester) => {
        const told = keys(await exercise.send(tester, facts))
        same(told, all, 'Every fact that the vendor sends is acknowledged once sink.record() has stored it.')
        const byKey = new Map(tester.facts.map((fact) => [key(fact), fact]))
        for (const fact of facts)
          same(
            byKey.get(key(fact)),
            fact,
            `The fact ${key(fact)} has to reach the sink as it was told: mend the translation.`,
          )
      })
    }),

    contractCase('acknowledges a fact that comes again, and gives it the same name', async () => {
      await started(async (tester) => {
        await exercise.send(tester, facts)
        const again = keys(await exercise.send(tester, facts))
        same(again, all, 'A repeat is acknowledged, too: "duplicate" from sink.record() means that it is safe.')
        same(
          keys(tester.facts),
          all,
          'Id and revision come from what the vendor says, never from a counter or the clock.',
        )
      })
    }),

    contractCase('takes them one by one and in any order', async () => {
      await started(async (tester) => {
        for (const fact of [...facts].reverse())
          same(
            keys(await exercise.send(tester, [fact])),
            keys([fact]),
            'Vendors send out of order: a fact is taken whatever came before it.',
          )
        same(keys(tester.facts), all, 'Each fact is kept under its own id and revision, in whatever order they come.')
      })
    }),

    contractCase('acknowledges nothing while the hub cannot store, and everything once it can', async () => {
      await started(async (tester) => {
        tester.failSink(1)
        const early = keys(await send(tester, facts))
        same(
          early,
          [],
          'Nothing may be acknowledged that is not stored: await sink.record() before the vendor is answered.',
        )
        assert.ok(tester.recorded > 0, 'The sink was never asked: hand what the vendor sends to sink.record().')
        const late = keys(await send(tester, facts))
        same(
          late,
          all,
          'What could not be stored is taken when the vendor sends it again: forget nothing, skip nothing.',
        )
        same(keys(tester.facts), all, 'After a failed try every fact is stored, none twice.')
      })
    }),

    ...malformed.map(({ name, send: sendMalformed }) =>
      contractCase(`survives: ${name}`, async () => {
        await started(async (tester) => {
          await sendMalformed(tester)
          same(tester.facts, [], `Nothing of it may be stored: ${name}. Refuse what does not fit, and say where.`)
          const after = keys(await exercise.send(tester, facts))
          same(after, all, `It may not stop what comes after it: ${name}.`)
        })
      }),
    ),

    contractCase('says what this vendor can do', async () => {
      await started(async (tester) => {
        const known = ['decide', 'backfill', 'quote']
        const strange = tester.features.filter((feature) => !known.includes(feature))
        same(strange, [], `The features of a link are among ${known.join(', ')}.`)
      })
    }),
  ]
}

/** Says what to do before it shows what differs. */
function same(actual: unknown, expected: unknown, advice: string): void {
  if (isDeepStrictEqual(actual, expected)) return
  const shown = (value: unknown) => inspect(value, { depth: 6, breakLength: 120 })
  const message = `${advice}\n  expected ${shown(expected)}\n  but it was ${shown(actual)}`
  throw new assert.AssertionError({ message, actual, expected, operator: 'deepStrictEqual' })
}
