// Owns the proof that the table of connection states has no dead end and no hole, and that the ladder of tries is as promised.
import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  atWork,
  type ConnectionState,
  type ConnectionTrigger,
  connectionMoves,
  connectionStates,
  connectionTriggers,
  move,
} from '../../core/host/connection-state.ts'
import { afterFailure, type FailureHistory, freshHistory } from '../../core/host/restart-policy.ts'

const movesFrom = (state: ConnectionState) =>
  Object.entries(connectionMoves[state]) as [ConnectionTrigger, ConnectionState][]

function reachable(from: ConnectionState): Set<ConnectionState> {
  const seen = new Set([from])
  for (const state of seen) for (const [, to] of movesFrom(state)) seen.add(to)
  return seen
}

describe('the table of states', () => {
  test('knows every state, reaches every state, and every trigger is used', () => {
    expect(Object.keys(connectionMoves).sort()).toEqual([...connectionStates].sort())
    expect([...reachable('disabled')].sort()).toEqual([...connectionStates].sort())
    const used = new Set(connectionStates.flatMap((state) => movesFrom(state).map(([trigger]) => trigger)))
    expect([...used].sort()).toEqual([...connectionTriggers].sort())
  })

  test('lets every state be left towards work and towards rest', () => {
    for (const state of connectionStates) {
      const from = reachable(state)
      expect(from.has('running'), `${state} can come to run`).toBe(true)
      expect(from.has('disabled'), `${state} can be switched off`).toBe(true)
    }
  })

  test('lets a stop happen in every state but the two where it has', () => {
    for (const state of connectionStates) {
      const stops = movesFrom(state).some(([trigger]) => trigger === 'stop')
      expect(stops).toBe(state !== 'disabled' && state !== 'stopping')
    }
  })

  test('takes any walk along its moves, and refuses every other trigger by name', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 60 }), (choices) => {
        let state: ConnectionState = 'disabled'
        for (const choice of choices) {
          const moves = movesFrom(state)
          const [trigger, to] = moves[choice % moves.length] ?? ['start', 'starting']
          expect(move(state, trigger)).toBe(to)
          for (const other of connectionTriggers)
            if (!moves.some(([known]) => known === other)) expect(() => move(state, other)).toThrow(state)
          state = to
        }
      }),
    )
  })

  test('has a plugin at work only when it is running or degraded', () => {
    expect(connectionStates.filter(atWork)).toEqual(['running', 'degraded'])
  })
})

describe('the ladder of tries', () => {
  const at = (seconds: number) => new Date(Date.UTC(2019, 2, 10) + seconds * 1_000)
  const full = { random: 1, notReady: false, ranForMs: 0 }

  test('waits 1, 5, 30, 120 seconds, and ends with the fifth failure of an hour', () => {
    let history = freshHistory
    const waits: unknown[] = []
    let now = 0
    for (let n = 0; n < 5; n++) {
      const next = afterFailure(history, { ...full, at: at(now) })
      history = next.history
      waits.push(next.kind === 'retry' ? next.afterMs : next.kind)
      if (next.kind === 'retry') now += next.afterMs / 1_000
    }
    expect(waits).toEqual([1_000, 5_000, 30_000, 120_000, 'give_up'])
  })

  const failure = fc.record({
    pause: fc.integer({ min: 0, max: 7_200 }),
    notReady: fc.boolean(),
    random: fc.double({ min: 0, max: 1, noNaN: true }),
    ranForMs: fc.integer({ min: 0, max: 1_200_000 }),
  })

  test('never waits outside half and whole of a step, and gives up exactly on five failures within an hour', () => {
    fc.assert(
      fc.property(fc.array(failure, { minLength: 1, maxLength: 40 }), (story) => {
        let history: FailureHistory = freshHistory
        let now = 0
        const counted: number[] = []
        for (const each of story) {
          now += each.pause
          const next = afterFailure(history, { ...each, at: at(now) })
          if (!each.notReady) counted.push(now)
          const inLastHour = counted.filter((when) => now - when < 3_600).length
          expect(next.kind).toBe(inLastHour >= 5 ? 'give_up' : 'retry')
          if (next.kind === 'give_up') return
          history = next.history
          const step = [1, 5, 30, 120, 600][Math.min(history.tries, 5) - 1] ?? 0
          expect(next.afterMs).toBeGreaterThanOrEqual(step * 500)
          expect(next.afterMs).toBeLessThanOrEqual(step * 1_000)
          if (each.ranForMs >= 600_000) expect(history.tries).toBe(1)
        }
      }),
    )
  })

  test('waits for a side that is not ready without end', () => {
    let history = freshHistory
    for (let n = 0; n < 1_000; n++) {
      const next = afterFailure(history, { ...full, notReady: true, at: at(n) })
      expect(next.kind).toBe('retry')
      history = next.history
    }
    expect(afterFailure(history, { ...full, notReady: true, at: at(1_000) })).toMatchObject({ afterMs: 600_000 })
  })
})

test('the drawing in the README is the table', async () => {
  const lines = connectionStates.flatMap((state) =>
    movesFrom(state).map(([trigger, to]) => `  ${state} --> ${to}: ${trigger}`),
  )
  const file = new URL('../../core/host/README.md', import.meta.url)
  const drawing = /```mermaid\nstateDiagram-v2\n([\s\S]*?)```/.exec(await readFile(file, 'utf8'))?.[1]
  expect(drawing?.trimEnd().split('\n')).toEqual(['  [*] --> disabled', ...lines])
})
