// Owns the list of ways in which one reader may have written some cards it was shown: every decode profile worth trying on them.
// Must not compare two readers; solve-profile.ts does.

import { applyProfile, type Decoded, type DecodeProfile } from './decode-profile.ts'
import { type ShownCard, statedAlphabet } from './shown-card.ts'
import { wiegandLayouts } from './wiegand-layout.ts'

/** A profile that can read all cards shown, with what it makes of each. */
export interface Reading {
  profile: DecodeProfile
  /** What it takes to believe in it; 0 for plain hexadecimal. Our own scale: seen often is cheap. */
  cost: number
  /** Equal for profiles that differ only in the order of bytes and bits, and in which end is kept. */
  form: string
  /** Byte reversal, inversion and bit reversal as three bits. */
  order: number
  kind: 'uid' | 'first' | 'last' | 'number'
  /** One per card, hexadecimal; of Wiegand numbers the whole key. */
  values: readonly string[]
}

type Form = Omit<DecodeProfile, 'byteOrder' | 'invert' | 'bitReverse'> & { cost: number; name: string }

const orders = [0, 1, 2, 3, 4, 5, 6, 7] as const
const strips = ['bcc', 'cascadeTag', 'trailingZeros'] as const
export const profileWidths = [3, 4, 5, 6, 7, 8, 10] as const
/** Frames that carry whole bytes, and so may carry the first bytes of a UID (research 4.3). */
const byteFrames = ['H10301', 'H10306'] as const

export function readingsOf(cards: readonly ShownCard[], known?: DecodeProfile): Reading[] {
  if (known) return reading(cards, known, 0, 'known', orderOf(known))
  const found = [...textForms(cards), ...frameForms(cards)].flatMap((form) => {
    const { cost, name, ...rest } = form
    return orders.flatMap((order) => {
      const profile = { ...rest, ...orderFields(order) }
      return reading(cards, profile, cost + orderCost(order), name, order)
    })
  })
  return [...found, ...numberForms(cards)]
}

/** The reading of all cards, and the same taken for one end of longer numbers. Empty when one of the cards does not fit. */
function reading(
  cards: readonly ShownCard[],
  profile: DecodeProfile,
  cost: number,
  form: string,
  order: number,
): Reading[] {
  const values: string[] = []
  let kind: Reading['kind'] | null = null
  for (const card of cards) {
    const decoded = applyProfile(card, profile)
    const here = kindOf(decoded)
    if (here === null || (kind !== null && here !== kind)) return []
    kind = here
    values.push(textOf(decoded))
  }
  if (kind === null || (profile.strip && isIdle(cards, values, profile))) return []
  const one = { profile, form, order, values }
  if (kind === 'number' || profile.keeps) return [{ ...one, kind, cost }]
  const part = (keeps: 'first' | 'last'): Reading => ({
    ...one,
    kind: keeps,
    cost: cost + (kind === keeps ? 2 : 2.1),
    profile: { ...profile, ...(kind === keeps ? {} : { keeps }) },
  })
  const parts = [part('first'), part('last')]
  return kind === 'uid' ? [{ ...one, kind, cost }, ...parts] : parts
}

/**
 * Taking something off that is not there is another profile for the same thing. A check byte is on every card or on none; the tag is
 * on all but those of four bytes, which have no second cascade level; zeros fill up the short ones only.
 */
function isIdle(cards: readonly ShownCard[], values: readonly string[], { strip, ...bare }: DecodeProfile): boolean {
  // Decimal texts take a check byte or tag into account when their width is guessed, so each width is looked at.
  const others = [bare, ...profileWidths.map((width) => ({ ...bare, width }))]
  const untouched = values.filter((value, i) => {
    const card = cards[i]
    return card !== undefined && others.some((other) => textOf(applyProfile(card, other)) === value)
  })
  if (untouched.length === values.length) return true
  if (strip?.includes('bcc')) return untouched.length > 0
  return strip?.includes('cascadeTag') === true && untouched.some((value) => value.length !== 8)
}

function kindOf(decoded: Decoded): Reading['kind'] | null {
  switch (decoded.outcome) {
    case 'uid':
      return 'uid'
    case 'partial':
      return decoded.side
    case 'wiegand':
      return 'number'
    case 'unreadable':
      return null
  }
}

function textOf(decoded: Decoded): string {
  if (decoded.outcome === 'uid' || decoded.outcome === 'partial') return decoded.hex
  return decoded.outcome === 'wiegand' ? JSON.stringify(decoded.number) : ''
}

/** Texts that are the bytes themselves, in some alphabet, whole or one end of them, with or without something added. */
function textForms(cards: readonly ShownCard[]): Form[] {
  const stated = statedAlphabet(cards)
  const alphabets = (['hex', 'dec', 'decConcat', 'facilityCard'] as const).filter(
    (one) => stated === null || stated === one,
  )
  const longest = Math.max(...cards.map(({ raw }) => raw.length))
  return alphabets.flatMap((alphabet) => {
    const base = { hex: 0, dec: 1, decConcat: 2, facilityCard: 2 }[alphabet]
    const sizes =
      alphabet === 'facilityCard'
        ? ([3, 4] as const)
        : alphabet === 'hex'
          ? [undefined, ...profileWidths.filter((width) => width * 2 > longest)]
          : profileWidths
    const added = alphabet === 'facilityCard' || alphabet === 'decConcat' ? [undefined] : [undefined, ...strips]
    return added.flatMap((strip) => {
      // A check byte or tag makes the printed number longer than the width would say.
      const fitting: readonly DecodeProfile['width'][] =
        strip === 'bcc' || strip === 'cascadeTag' ? [undefined] : [...sizes]
      return fitting.map(
        (width): Form => ({
          alphabet,
          ...(width === undefined ? {} : { width }),
          ...(strip === undefined ? {} : { strip: [strip] }),
          // Hexadecimal shows its width, so a stated one only stands for zeros that are not printed.
          cost: base + (strip ? 1 : 0) + (alphabet === 'hex' && width !== undefined ? 0.5 : 0),
          name: `${alphabet}/${strip ?? ''}`,
        }),
      )
    })
  })
}

/** Frames with parity that carry the bytes of a chip. */
function frameForms(cards: readonly ShownCard[]): Form[] {
  return byteFrames.flatMap((wiegandFormat) =>
    framed(cards, wiegandFormat).map(
      ({ alphabet, parity }): Form => ({
        alphabet,
        wiegandFormat,
        wiegandCarries: 'uid',
        ...(parity ? { wiegandParity: 'included' as const } : {}),
        cost: 1 + (alphabet === 'hex' ? 0 : 0.5),
        name: `${alphabet}/${wiegandFormat}`,
      }),
    ),
  )
}

/** Cards whose identity is the number in the frame: proximity cards, printed with facility and number. */
function numberForms(cards: readonly ShownCard[]): Reading[] {
  return wiegandLayouts.flatMap(({ format, bits }) => {
    const frames = framed(cards, format).map(({ alphabet, parity }) => ({
      alphabet,
      ...(parity ? { wiegandParity: 'included' as const } : {}),
      cost: 1,
    }))
    const printed = (['facilityCard', 'dec'] as const).map((alphabet) => ({ alphabet, cost: 2 }))
    const stated = statedAlphabet(cards)
    // Layouts of one length are one form: two frames tell a length, not a layout. The common one is listed first.
    return [...frames, ...printed.filter(({ alphabet }) => stated === null || stated === alphabet)].flatMap(
      ({ cost, ...rest }) => {
        const turned = (order: number) =>
          reading(
            cards,
            { ...rest, ...orderFields(order), wiegandFormat: format },
            cost + orderCost(order),
            `number/${rest.alphabet}/${bits}`,
            order,
          )
        const plain = turned(0)
        const inverted = turned(2)
        // Of a number without its frame there may be nothing to invert; that is the plain profile again.
        const isIdle = JSON.stringify(plain[0]?.values) === JSON.stringify(inverted[0]?.values)
        return isIdle ? plain : [...plain, ...inverted]
      },
    )
  })
}

/** Where the reader does not count bits, a frame is known by its digits: as many as its bits need. The parity then has to hold. */
function framed(cards: readonly ShownCard[], format: string): { alphabet: 'hex' | 'dec'; parity: boolean }[] {
  const bits = wiegandLayouts.find((one) => one.format === format)?.bits ?? 0
  if (cards.every(({ bitLength }) => bitLength === bits))
    return [
      { alphabet: 'hex', parity: false },
      { alphabet: 'dec', parity: false },
    ]
  const digits = Math.ceil(bits / 4)
  const alike = cards.every(({ raw, bitLength }) => bitLength === undefined && raw.trim().length === digits)
  return alike && bits % 4 !== 0 ? [{ alphabet: 'hex', parity: true }] : []
}

export function orderOf({ byteOrder, invert, bitReverse }: DecodeProfile): number {
  return (byteOrder === 'lsb' ? 1 : 0) + (invert ? 2 : 0) + (bitReverse ? 4 : 0)
}

function orderFields(order: number): Pick<DecodeProfile, 'byteOrder' | 'invert' | 'bitReverse'> {
  return {
    byteOrder: order & 1 ? 'lsb' : 'msb',
    ...(order & 2 ? { invert: true } : {}),
    ...(order & 4 ? { bitReverse: true } : {}),
  }
}

function orderCost(order: number): number {
  return (order & 1 ? 1 : 0) + (order & 2 ? 1.5 : 0) + (order & 4 ? 1.5 : 0)
}
