// Owns the suite for plugins that speak to a parking system: nothing acknowledged that is not stored, nothing stored that is not whole.
// Must not know how a vendor talks; the author plays the vendor's side.
import assert from 'node:assert/strict'
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
        assert.deepEqual(keys(await exercise.send(tester, facts)), all)
        const byKey = new Map(tester.facts.map((fact) => [key(fact), fact]))
        for (const fact of facts) assert.deepEqual(byKey.get(key(fact)), fact)
      })
    }),

    contractCase('acknowledges a fact that comes again, and gives it the same name', async () => {
      await started(async (tester) => {
        await exercise.send(tester, facts)
        assert.deepEqual(keys(await exercise.send(tester, facts)), all)
        assert.deepEqual(keys(tester.facts), all)
      })
    }),

    contractCase('takes them one by one and in any order', async () => {
      await started(async (tester) => {
        for (const fact of [...facts].reverse())
          assert.deepEqual(keys(await exercise.send(tester, [fact])), keys([fact]))
        assert.deepEqual(keys(tester.facts), all)
      })
    }),

    contractCase('acknowledges nothing while the hub cannot store, and everything once it can', async () => {
      await started(async (tester) => {
        tester.failSink(1)
        assert.deepEqual(keys(await send(tester, facts)), [])
        assert.ok(tester.recorded > 0, 'the sink was never asked')
        assert.deepEqual(keys(await send(tester, facts)), all)
        assert.deepEqual(keys(tester.facts), all)
      })
    }),

    ...malformed.map(({ name, send: sendMalformed }) =>
      contractCase(`survives: ${name}`, async () => {
        await started(async (tester) => {
          await sendMalformed(tester)
          assert.deepEqual(tester.facts, [])
          assert.deepEqual(keys(await exercise.send(tester, facts)), all)
        })
      }),
    ),

    contractCase('says what this vendor can do', async () => {
      await started(async (tester) => {
        const known = ['decide', 'backfill', 'quote']
        assert.deepEqual(
          tester.features.filter((feature) => !known.includes(feature)),
          [],
        )
      })
    }),
  ]
}
