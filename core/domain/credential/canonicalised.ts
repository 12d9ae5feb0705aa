// Owns the shape of a canonicalisation's outcome.
// Must not contain rules; canonicalise.ts and canonicalise-card.ts fill it.
import type { CanonicalKey } from './credential.ts'
import type { Transform } from './transform.ts'

export interface Alternative {
  key: CanonicalKey
  transform: readonly Transform[]
  lossy: boolean
  /** Known bits as hex FF, `*` for the unknown rest: `FFFFFF*` when the first three bytes were read. */
  mask?: string
}

export interface PartialReading {
  side: 'first' | 'last'
  knownBits: number
  mask: string
}

export type RefusalReason =
  | 'empty'
  | 'too-long'
  | 'unreadable'
  | 'blank-number'
  | 'random-uid'
  | 'sentinel'
  | 'wrong-kind'
  | 'country-needed'
  | 'hub-alias'

export type Canonicalised =
  | {
      outcome: 'key'
      key: CanonicalKey
      /** Other names the same text could have, most plausible first. Empty when a profile left nothing to guess. */
      alternatives: readonly Alternative[]
      /** 0..1 that `key` is right, not that the credential is genuine. */
      confidence: number
      /** Present when bytes are missing: such a key may propose a credential, never prove one. */
      partial?: PartialReading
    }
  | { outcome: 'refused'; reason: RefusalReason; detail: string }

export function refused(reason: RefusalReason, detail: string): Canonicalised {
  return { outcome: 'refused', reason, detail }
}

export function partialOf(side: 'first' | 'last', hex: string): PartialReading {
  const known = 'F'.repeat(hex.length)
  return { side, knownBits: hex.length * 4, mask: side === 'first' ? `${known}*` : `*${known}` }
}
