// Owns identity: uuidv7 generation from an injected clock and entropy source, and the branded id types.
// Must not read the wall clock or system randomness itself; core/runtime injects both.

declare const brand: unique symbol
/** A value of T that was checked at the edge and may be trusted as B inside. */
export type Branded<T, B extends string> = T & { readonly [brand]: B }

export type OrganizationId = Branded<string, 'OrganizationId'>
export type SiteId = Branded<string, 'SiteId'>

/** Makes a new uuidv7 (RFC 9562 section 5.7): sorts by creation time, so index pages stay warm. */
export type NewId = () => string

const hex = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'))

/**
 * A uuidv7 generator. Within one millisecond the 12-bit `rand_a` field counts up, so ids made by one process are strictly
 * increasing even when the clock stands still or steps back.
 * @param now milliseconds since the epoch
 * @param random fills the given array with entropy
 */
export function uuidv7Generator(now: () => number, random: (into: Uint8Array) => void): NewId {
  // Entropy is drawn in blocks: one 8-byte draw per id cost a third of the generator's time under load.
  const pool = new Uint8Array(8 * 256)
  let used = pool.length
  let last = 0
  let counter = 0
  return () => {
    const at = now()
    if (at > last) {
      last = at
      counter = 0
    } else if (++counter > 0xfff) {
      last += 1
      counter = 0
    }
    if (used === pool.length) {
      random(pool)
      used = 0
    }
    const ms = last.toString(16).padStart(12, '0')
    const variant = hex[((pool[used] ?? 0) & 0x3f) | 0x80] ?? '80'
    const node = hexOf(pool, used + 2) + hexOf(pool, used + 4) + hexOf(pool, used + 6)
    const id = `${ms.slice(0, 8)}-${ms.slice(8)}-7${counter.toString(16).padStart(3, '0')}-${variant}${hex[pool[used + 1] ?? 0]}-${node}`
    used += 8
    return id
  }
}

/** Two bytes. */
function hexOf(bytes: Uint8Array, at: number): string {
  return (hex[bytes[at] ?? 0] ?? '00') + (hex[bytes[at + 1] ?? 0] ?? '00')
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export function isUuid(text: string): boolean {
  return uuid.test(text)
}
