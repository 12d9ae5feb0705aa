// Owns repeatable uuid texts for message and transaction ids of simulated chargers.
// Must not be used where an id has to be unique in the world.
import type { Random } from '../random.ts'

export function uuid(random: Random): string {
  const hex = (digits: number) => Array.from({ length: digits }, () => random.int(0, 15).toString(16)).join('')
  return `${hex(8)}-${hex(4)}-4${hex(3)}-${random.pick(['8', '9', 'a', 'b'])}${hex(3)}-${hex(12)}`
}
