// Owns the proof of the in-process bus: every listener is woken, none can harm the publisher or the others.
import { expect, test } from 'vitest'
import type { Hint } from '../../core/bus/bus.ts'
import { memoryBus } from '../../core/bus/memory.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('wakes every listener of the topic, and no other, after the publisher went on', async () => {
  const bus = memoryBus()
  const seen: [string, Hint][] = []
  bus.subscribe('events', (hint) => seen.push(['a', hint]))
  bus.subscribe('events', (hint) => seen.push(['b', hint]))
  bus.subscribe('commands', (hint) => seen.push(['c', hint]))
  bus.publish('events', { site: '1' })
  expect(seen).toEqual([])
  await turn()
  expect(seen).toEqual([
    ['a', { site: '1' }],
    ['b', { site: '1' }],
  ])
})

test('many hints that say the same become one until they are handed on', async () => {
  const bus = memoryBus()
  let woken = 0
  bus.subscribe('events', () => woken++)
  for (let n = 0; n < 100; n++) bus.publish('events', { site: String(n % 2) })
  await turn()
  expect(woken).toBe(2)
  bus.publish('events')
  await turn()
  expect(woken).toBe(3)
})

test('a listener that throws is reported and the others are woken all the same', async () => {
  const errors: unknown[] = []
  const bus = memoryBus((error) => errors.push(error))
  let woken = 0
  bus.subscribe('jobs', () => {
    throw new Error('mine')
  })
  bus.subscribe('jobs', () => woken++)
  bus.publish('jobs')
  await turn()
  expect(woken).toBe(1)
  expect(errors).toEqual([new Error('mine')])
})

test('who has stopped listening is not woken, nor anybody after the close', async () => {
  const bus = memoryBus()
  let woken = 0
  const wake = () => woken++
  const stop = bus.subscribe('events', wake)
  bus.subscribe('events', wake)
  stop()
  stop()
  bus.publish('events')
  await turn()
  expect(woken).toBe(1)
  bus.publish('events')
  await bus.close()
  await turn()
  expect(woken).toBe(1)
})
