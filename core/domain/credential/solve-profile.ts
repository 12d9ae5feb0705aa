// Owns finding out how two readers write cards, from cards that both were shown (research 4.4, rule 5).
// Must not pick one of several explanations that the cards leave open: another card settles it.
import type { DecodeProfile } from './decode-profile.ts'
import { describeProfile } from './describe-profile.ts'
import { profileWidths, type Reading, readingsOf } from './profile-forms.ts'
import type { ShownCard } from './shown-card.ts'

/** One card, as the first and as the second reader wrote it. */
export type CardPair = readonly [ShownCard, ShownCard]

export interface ProfilePair {
  profiles: readonly [DecodeProfile, DecodeProfile]
  /** What each reader does, in plain words. */
  words: readonly [string, string]
  /** At least one of the two passes on only a part of the card. */
  lossy: boolean
}

export type SolvedProfiles =
  | ({ outcome: 'unique' } & ProfilePair)
  /** Each explains all cards shown so far; one card more tells them apart. */
  | { outcome: 'several'; candidates: readonly ProfilePair[] }
  | { outcome: 'none'; reason: string }

const mostCandidates = 5
/** More cards than this say nothing new. */
const mostPairs = 20

interface Match {
  first: Reading
  second: Reading
  cost: number
}

/**
 * The plainest profiles under which both readers saw the same number on every card. Which of two mirrored readings of a chip is the
 * right one shows only in numbers of makers (04, E0); else the second reader is taken to be the plainer one.
 * @param known profiles that are set already and have to hold
 */
export function solveProfiles(
  pairs: readonly CardPair[],
  known: readonly [DecodeProfile | undefined, DecodeProfile | undefined] = [undefined, undefined],
): SolvedProfiles {
  if (pairs.length === 0) return { outcome: 'none', reason: 'No card has been shown to both readers yet.' }
  const cards = pairs.slice(0, mostPairs)
  const firsts = readingsOf(
    cards.map(([first]) => first),
    known[0],
  )
  const seconds = readingsOf(
    cards.map(([, second]) => second),
    known[1],
  )
  const unread = firsts.length === 0 ? 'first' : seconds.length === 0 ? 'second' : null
  if (unread !== null) {
    const set = known[unread === 'first' ? 0 : 1] !== undefined
    const why = set ? 'do not fit the profile that is set for it' : 'are no card numbers'
    return { outcome: 'none', reason: `What the ${unread} reader gave are texts that ${why}.` }
  }
  const matches = firstTier(firsts, seconds)
  if (matches.length === 0) {
    return {
      outcome: 'none',
      reason:
        cards.length === 1
          ? 'The two texts cannot be the same card in any known way. Was the same card shown to both?'
          : 'No known way of writing makes all pairs the same cards. One of them may be two different cards.',
    }
  }
  const classes = plainestOfEach(matches)
  const [best] = classes
  if (best && [...uidsOf(best)].some(isRandom)) {
    return {
      outcome: 'none',
      reason:
        'A 4-byte number beginning 08 is made up anew at every tap (phones and bank cards do this): take another card.',
    }
  }
  if (best && classes.length === 1) return { outcome: 'unique', ...told(best) }
  return { outcome: 'several', candidates: classes.slice(0, mostCandidates).map(told) }
}

/** Whole UIDs agree before numbers in frames do, and those before parts: that something less fits as well says nothing then. */
function firstTier(firsts: readonly Reading[], seconds: readonly Reading[]): Match[] {
  const tiers: ((a: Reading, b: Reading) => boolean)[] = [
    (a, b) => a.kind === 'uid' && b.kind === 'uid' && everyValue(a, b, (x, y) => x === y),
    (a, b) => isFramed(a, b) && everyValue(a, b, (x, y) => x === y),
    (a, b) => (isWhole(a) && isPart(b, a)) || (isWhole(b) && isPart(a, b)),
    (a, b) => isCut(a) && a.kind === b.kind && everyValue(a, b, (x, y) => x === y),
    // Both cut at the same end; then the shorter is a part of the longer.
    (a, b) => isCut(a) && a.kind === b.kind && (isPart(a, b) || isPart(b, a)),
  ]
  for (const fits of tiers) {
    const found = firsts.flatMap((first) =>
      seconds.flatMap((second) =>
        fits(first, second) && !takesOffAlike(first, second) ? [{ first, second, cost: costOf(first, second) }] : [],
      ),
    )
    if (found.length > 0) return found
  }
  return []
}

/** Two plain decimals are not a facility's numbers just because they are alike. */
function isFramed(a: Reading, b: Reading): boolean {
  return a.kind === 'number' && b.kind === 'number' && [a, b].some(({ form }) => !form.startsWith('number/dec'))
}

/** A number that is filled up with zeros (or their inverse) on every card is no longer than without them. */
function isWhole({ kind, values }: Reading): boolean {
  return kind === 'uid' && !values.every((hex) => /^(?:00|FF)|(?:00|FF)$/.test(hex))
}

function isCut({ kind }: Reading): boolean {
  return kind === 'first' || kind === 'last'
}

/** What both readers are said to add alike explains nothing between them. */
function takesOffAlike({ profile: a }: Reading, { profile: b }: Reading): boolean {
  return a.strip?.[0] !== undefined && a.strip[0] === b.strip?.[0]
}

function isPart(part: Reading, whole: Reading): boolean {
  const fits = part.kind === 'first' ? 'startsWith' : 'endsWith'
  return isCut(part) && everyValue(part, whole, (x, y) => x.length < y.length && y[fits](x))
}

function everyValue(a: Reading, b: Reading, same: (x: string, y: string) => boolean): boolean {
  return a.values.every((value, i) => same(value, b.values[i] ?? ''))
}

/** Ties go against changing the second reader: it is the charger where there is one, and chargers mostly print plain UIDs. */
function costOf(first: Reading, second: Reading): number {
  const whole = first.kind === 'uid' ? first : second.kind === 'uid' ? second : null
  const byMaker = whole?.values.every(showsItsMaker) ? -3 : 0
  return first.cost + 1.1 * second.cost + byMaker
}

/** Seven bytes beginning 04 (NXP) and eight beginning E0 (ISO 15693) stand the right way round. */
function showsItsMaker(hex: string): boolean {
  return (hex.length === 14 && hex.startsWith('04')) || (hex.length === 16 && hex.startsWith('E0'))
}

function isRandom(hex: string): boolean {
  return hex.length === 8 && hex.startsWith('08')
}

function uidsOf({ first, second }: Match): ReadonlySet<string> {
  return new Set([first, second].flatMap(({ kind, values }) => (kind === 'uid' ? values : [])))
}

/**
 * Of the matches that say the same about two readers the plainest. Turning round what both readers give changes nothing between
 * them, so only the difference of their orders counts, and which end is kept counts from the second reader's side.
 */
function plainestOfEach(matches: readonly Match[]): Match[] {
  const best = new Map<string, Match>()
  for (const match of matches) {
    const { first, second } = match
    const name = [first.form, second.form, first.order ^ second.order, endsOf(match)].join('|')
    const known = best.get(name)
    if (!known || match.cost < known.cost) best.set(name, match)
  }
  return [...best.values()].sort((a, b) => a.cost - b.cost)
}

/** Of two parts of one length nobody can say which end they are; it makes no difference between the two. */
function endsOf({ first, second }: Match): string {
  if (first.kind === second.kind && first.values[0]?.length === second.values[0]?.length) return ''
  const turned = (second.order & 1) === 1
  return [first, second]
    .map(({ kind }) => (kind !== 'first' && kind !== 'last' ? kind : (kind === 'first') === turned ? 'last' : 'first'))
    .join('|')
}

function told({ first, second }: Match): ProfilePair {
  const profiles = [settled(first), settled(second)] as const
  return {
    profiles,
    words: [describeProfile(profiles[0]), describeProfile(profiles[1])],
    lossy: [first, second].some(isCut),
  }
}

/** A reader known to pass on a part is known to pass on so many bytes. */
function settled(reading: Reading): DecodeProfile {
  const { profile, values } = reading
  const sizes = new Set(values.map((value) => value.length / 2))
  const [bytes] = sizes
  const width = profileWidths.find((one) => one === bytes)
  if (!isCut(reading) || profile.strip || profile.wiegandFormat || width === undefined || sizes.size > 1) return profile
  return { ...profile, width }
}
