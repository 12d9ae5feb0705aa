// Owns holding a profile against a capture: every record with its facts or its fault, what nobody maps, and whether all is well.
// Must not call anybody nor store anything.
import { type ParkingFact, parseJson, pointerTo } from '../../../core/plugin/index.ts'
import type { FactMap, Profile } from '../profile.ts'
import { readRecord, termsOf } from '../read-record.ts'
import { at, type Spot } from '../take-value.ts'
import type { Captured } from './read-capture.ts'

export interface TriedRecord {
  place: string
  source: string
  /** In the captured body. */
  pointer: string
  facts: readonly ParkingFact[]
  errors: readonly { map: string; pointer: string; message: string }[]
  /** Places that no map of the profile looks at. */
  unmapped: readonly string[]
}

export interface Tried {
  records: readonly TriedRecord[]
  /** Captured calls that cannot be read at all, or that the profile has no word for. */
  problems: readonly { place: string; message: string }[]
}

export function tryProfile(
  profile: Profile,
  capture: readonly Captured[],
  terms: { zone: string; currency: string; now: Date },
): Tried {
  const records: TriedRecord[] = []
  const problems: { place: string; message: string }[] = []
  for (const each of capture) {
    const source = sourceOf(profile, each)
    if (!source) {
      problems.push({
        place: each.place,
        message: `the profile has no ${each.kind === 'webhook' ? 'webhook' : 'poll'} for ${each.method} ${each.path}`,
      })
      continue
    }
    const parsed = each.form
      ? { kind: 'ok' as const, value: Object.fromEntries(new URLSearchParams(each.body)) }
      : parseJson(each.body)
    if (parsed.kind === 'bad') {
      problems.push({ place: each.place, message: parsed.detail })
      continue
    }
    const root: Spot = { value: parsed.value, pointer: '' }
    const list = at(root, source.items ?? '')
    if (!Array.isArray(list.value) && (source.items !== undefined || each.kind === 'answer')) {
      problems.push({ place: each.place, message: `there is no list at ${source.items ?? 'the root'}` })
      continue
    }
    const spots: Spot[] = Array.isArray(list.value)
      ? list.value.map((value: unknown, i) => ({ value, pointer: `${list.pointer}/${i}` }))
      : [root]
    for (const record of spots) {
      const touched = new Set<string>()
      const reading = readRecord(
        source.facts,
        { record, message: root },
        { ...termsOf(profile, terms, terms.now), touched },
        each.kind === 'answer',
      )
      records.push({
        place: each.place,
        source: source.name,
        pointer: record.pointer,
        facts: reading.facts.map(({ fact }) => fact),
        errors: reading.errors,
        unmapped: leaves(record).filter(
          (leaf) => ![...touched].some((path) => leaf === path || leaf.startsWith(`${path}/`)),
        ),
      })
    }
  }
  return { records, problems }
}

function sourceOf(
  { polls = [], webhooks = [] }: Profile,
  { kind, method, path }: Captured,
): { name: string; items?: string; facts: readonly FactMap[] } | undefined {
  if (kind === 'webhook') {
    const webhook = webhooks.find((each) => each.path === path.replace(/^\/+|\/+$/g, ''))
    return (
      webhook && {
        name: webhook.path,
        ...(webhook.items === undefined ? {} : { items: webhook.items }),
        facts: webhook.facts,
      }
    )
  }
  const asked = path.split('?')[0] ?? ''
  // The vendor's own address may have a path before that of the profile.
  return polls.find(({ request }) => request.method === method && asked.endsWith(request.path))
}

const mostLeaves = 500

function leaves(spot: Spot): string[] {
  const found: string[] = []
  const walk = ({ value, pointer }: Spot): void => {
    if (found.length >= mostLeaves) return
    if (typeof value !== 'object' || value === null) return void found.push(pointer)
    for (const [name, inner] of Object.entries(value)) walk({ value: inner, pointer: `${pointer}${pointerTo(name)}` })
  }
  walk(spot)
  return found
}
