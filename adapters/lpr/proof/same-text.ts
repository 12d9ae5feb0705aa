// Owns comparing secrets in a time that tells nothing about them.
// Must not be used where a difference in length may show, without hashing as here.
import { createHash, timingSafeEqual } from 'node:crypto'

export function sameText(one: string, other: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(one), hash(other))
}
