// Owns wake-ups inside one process: what a single node needs.
// Must not call a listener in the publisher's own stack: a slow or throwing listener is none of the publisher's business.
import type { Bus, Hint, Topic } from './bus.ts'

/**
 * Hints of one topic that have not been handed on yet and say the same become one.
 * @example
 * const bus = memoryBus()
 * const stop = bus.subscribe('events', () => console.log('look'))
 * bus.publish('events')
 */
export function memoryBus(onError: (error: unknown) => void = () => undefined): Bus {
  const listeners = new Map<Topic, Set<(hint: Hint) => void>>()
  const waiting = new Map<string, { topic: Topic; hint: Hint }>()
  let flush: NodeJS.Immediate | undefined

  const handOn = () => {
    flush = undefined
    const hints = [...waiting.values()]
    waiting.clear()
    for (const { topic, hint } of hints) {
      for (const listener of [...(listeners.get(topic) ?? [])]) {
        try {
          listener(hint)
        } catch (error) {
          onError(error)
        }
      }
    }
  }

  return {
    publish(topic, hint = {}) {
      if (!listeners.get(topic)?.size) return
      waiting.set(JSON.stringify([topic, hint]), { topic, hint })
      flush ??= setImmediate(handOn)
    },
    subscribe(topic, wake) {
      const of = listeners.get(topic) ?? new Set()
      listeners.set(topic, of)
      // Each subscription is its own, also when the same function subscribes twice.
      const listener = (hint: Hint) => wake(hint)
      of.add(listener)
      return () => {
        of.delete(listener)
      }
    },
    async close() {
      clearImmediate(flush)
      flush = undefined
      waiting.clear()
      listeners.clear()
    },
  }
}
