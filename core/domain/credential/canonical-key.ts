// Owns the text form of canonical keys: writing one from its parts and reading it back.
// Must not interpret raw reader output; canonicalise.ts does.
import type { CanonicalKey } from './credential.ts'
import type { CardTechnology } from './decode-profile.ts'
import type { WiegandNumber } from './wiegand.ts'
import { isWiegandFormat, type WiegandFormat } from './wiegand-layout.ts'

export type ParsedKey =
  | { scheme: 'uid'; technology: CardTechnology | 'text'; value: string }
  | { scheme: 'partial'; side: 'first' | 'last'; value: string }
  | { scheme: 'wieg'; format: WiegandFormat; facility: number | null; card: number }
  | { scheme: 'plate'; country: string; value: string }
  | { scheme: 'ticket' | 'pin'; scope: string; value: string }
  | { scheme: 'avi'; agency: string; value: string }
  | { scheme: 'emaid' | 'qr' | 'phone' | 'epc' | 'app' | 'mac'; value: string }

/** A ticket or PIN without a known site. Numbers of different sites collide, so such a key never proves anything by itself. */
export const noScope = '-'

export const keyOf = {
  uid: (technology: CardTechnology | 'text', hex: string) => `uid:${technology}:${hex}` as CanonicalKey,
  partial: (side: 'first' | 'last', hex: string) => `partial:${side}:${hex}` as CanonicalKey,
  wiegand: ({ format, facility, card }: WiegandNumber) => `wieg:${format}:${facility ?? '-'}:${card}` as CanonicalKey,
  plate: (country: string, text: string) => `plate:${country}:${text}` as CanonicalKey,
  scoped: (scheme: 'ticket' | 'pin', scope: string, text: string) => `${scheme}:${scope}:${text}` as CanonicalKey,
  avi: (agency: string, serial: string) => `avi:${agency}:${serial}` as CanonicalKey,
  text: (scheme: 'emaid' | 'qr' | 'phone' | 'epc' | 'app' | 'mac', text: string) => `${scheme}:${text}` as CanonicalKey,
} as const

const shapes: readonly [RegExp, (part: readonly string[]) => ParsedKey | null][] = [
  [
    /^uid:(iso14443|iso15693|prox):((?:[0-9A-F]{2}){3,16})$/,
    ([technology, value]) => ({ scheme: 'uid', technology: technology as CardTechnology, value: value ?? '' }),
  ],
  [/^uid:(text):([^\s:]{1,64})$/, ([, value]) => ({ scheme: 'uid', technology: 'text', value: value ?? '' })],
  [
    /^partial:(first|last):((?:[0-9A-F]{2}){3,16})$/,
    ([side, value]) => ({ scheme: 'partial', side: side === 'last' ? 'last' : 'first', value: value ?? '' }),
  ],
  [
    /^wieg:([^:]+):(\d{1,10}|-):(\d{1,15})$/,
    ([format, facility, card]) =>
      isWiegandFormat(format)
        ? { scheme: 'wieg', format, facility: facility === '-' ? null : Number(facility), card: Number(card) }
        : null,
  ],
  [
    /^plate:([A-Z]{2}(?:-[A-Z0-9]{1,3})?):([A-Z0-9]{2,14})$/,
    ([country, value]) => ({ scheme: 'plate', country: country ?? '', value: value ?? '' }),
  ],
  [
    /^(ticket|pin):([^:]{1,64}):(.{1,256})$/su,
    ([scheme, scope, value]) => ({
      scheme: scheme === 'pin' ? 'pin' : 'ticket',
      scope: scope ?? '',
      value: value ?? '',
    }),
  ],
  [/^avi:([A-Z]{2,4}):(\d{1,12})$/, ([agency, value]) => ({ scheme: 'avi', agency: agency ?? '', value: value ?? '' })],
  [/^emaid:([A-Z]{2}[A-Z0-9]{12,13})$/, ([value]) => ({ scheme: 'emaid', value: value ?? '' })],
  [/^phone:(\+[1-9]\d{6,14})$/, ([value]) => ({ scheme: 'phone', value: value ?? '' })],
  [/^epc:((?:[0-9A-F]{2}){8,32})$/, ([value]) => ({ scheme: 'epc', value: value ?? '' })],
  [/^mac:([0-9A-F]{12,16})$/, ([value]) => ({ scheme: 'mac', value: value ?? '' })],
  [/^qr:(.{1,256})$/su, ([value]) => ({ scheme: 'qr', value: value ?? '' })],
  [/^app:(.{1,256})$/su, ([value]) => ({ scheme: 'app', value: value ?? '' })],
]

/** The parts of a canonical key, or null for any other text. */
export function parseCanonicalKey(text: string): ParsedKey | null {
  for (const [shape, read] of shapes) {
    const match = shape.exec(text)
    if (match) return read(match.slice(1))
  }
  return null
}

export function isPartialKey(key: string): boolean {
  return key.startsWith('partial:')
}
