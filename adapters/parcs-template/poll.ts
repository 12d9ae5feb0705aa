// Owns one look at one list of the vendor: its pages to the end, and how far the next look may begin.
// Must not move the cursor past anything that was not stored, nor follow a vendor that goes round in circles.
import type { VendorAnswer } from '../../core/plugin/index.ts'
import { succeeded } from '../../core/plugin/index.ts'
import { type BuiltRequest, buildRequest } from './build-request.ts'
import type { Cursor, Poll } from './profile.ts'
import { termsOf } from './read-record.ts'
import { type TakeInDeps, type TookIn, takeIn } from './take-in.ts'
import { at, type Spot, takeValue, writtenTime } from './take-value.ts'
import type { VendorLine } from './vendor-line.ts'

export interface PollDeps extends TakeInDeps {
  baseUrl: string
  line: VendorLine
}

export interface Polled {
  records: number
  refused: number
  /** In plain words; null when the list was read to its end. */
  trouble: string | null
}

const usualMostPages = 500
const mostItemsPerPage = 20_000

export async function poll(deps: PollDeps, each: Poll, signal: AbortSignal): Promise<Polled> {
  const { clock, line, profile, memory } = deps
  const { paging = { kind: 'none' }, cursor } = each
  const site = await deps.site()
  const known = cursor === undefined ? undefined : await memory.cursor(each.name)
  const seen = new Set<string>()
  const polled: Polled = { records: 0, refused: 0, trouble: null }
  let reached = known
  let token: string | undefined
  let page: PageQuery = firstPage(paging)
  const mostPages = profile.limits?.mostPages ?? usualMostPages
  for (let count = 0; ; count++) {
    if (signal.aborted) return { ...polled, trouble: `${each.name}: stopped before the end` }
    if (count >= mostPages) return { ...polled, trouble: `${each.name} did not end after ${mostPages} pages` }
    const terms = termsOf(profile, site, clock.now())
    const from = paging.kind === 'since' ? reached : known
    const began = cursor === undefined ? {} : cursorQuery(cursor, from, clock.now(), terms.zone)
    const built = buildRequest(each.request, deps.baseUrl, {}, terms, { ...began, ...page.query })
    if (built.kind === 'wrong') return { ...polled, trouble: `${each.name}: ${built.reason}` }
    const request: BuiltRequest = page.url === undefined ? built.request : { ...built.request, url: page.url }
    // A vendor whose pages lead back to one that was read would be read for ever.
    const place = `${request.url.href} ${request.body ?? ''}`
    if (seen.has(place)) return { ...polled, trouble: `${each.name}: the pages go round in a circle` }
    seen.add(place)
    const answer = await line.call(request, signal)
    if (!succeeded(answer)) {
      line.failed(answer)
      return { ...polled, trouble: `${each.name}: ${saidBy(answer)}` }
    }
    line.worked()
    const list = listOf(answer.json, each.items)
    if (list === null)
      return { ...polled, trouble: `${each.name}: the answer holds no list at ${each.items ?? 'its root'}` }
    if (list.length > mostItemsPerPage)
      return { ...polled, trouble: `${each.name}: a page of ${list.length} items is too much` }
    const took: TookIn = await takeIn(deps, each.facts, answer.json, list, { name: each.name, backfilled: true })
    polled.records += took.records
    polled.refused += took.refused.length
    const before = reached
    if (cursor?.kind === 'token') token = tokenOf(cursor, answer.json) ?? token
    else if (cursor !== undefined) reached = furthest(cursor, list, reached, terms, clock.now())
    const next = nextPage(paging, page, list.length, answer, new URL(deps.baseUrl), reached !== before)
    if (next.kind === 'refused') return { ...polled, trouble: `${each.name}: ${next.why}` }
    if (next.kind === 'end') break
    page = next.page
  }
  const moved = cursor?.kind === 'token' ? token : reached
  if (moved !== undefined && moved !== known) await memory.moveCursor(each.name, moved)
  return polled
}

interface PageQuery {
  query: Readonly<Record<string, string>>
  url?: URL
  number: number
}

type Next = { kind: 'end' } | { kind: 'page'; page: PageQuery } | { kind: 'refused'; why: string }

function firstPage(paging: NonNullable<Poll['paging']>): PageQuery {
  switch (paging.kind) {
    case 'page':
    case 'offset': {
      const number = paging.kind === 'page' ? (paging.first ?? 1) : 0
      const size = paging.sizeParam ? { [paging.sizeParam]: String(paging.size) } : {}
      return { number, query: { [paging.param]: String(number), ...size } }
    }
    default:
      return { number: 0, query: {} }
  }
}

function nextPage(
  paging: NonNullable<Poll['paging']>,
  page: PageQuery,
  length: number,
  answer: VendorAnswer & { kind: 'answered' },
  base: URL,
  moved: boolean,
): Next {
  switch (paging.kind) {
    case 'none':
      return { kind: 'end' }
    case 'page':
    case 'offset': {
      if (length < paging.size) return { kind: 'end' }
      const number = page.number + (paging.kind === 'page' ? 1 : length)
      return { kind: 'page', page: { number, query: { ...page.query, [paging.param]: String(number) } } }
    }
    case 'since':
      return length < paging.size || !moved ? { kind: 'end' } : { kind: 'page', page }
    case 'cursor': {
      const { value } = at({ value: answer.json, pointer: '' }, paging.next)
      if (value === undefined || value === null || value === '' || value === false) return { kind: 'end' }
      if (typeof value === 'object') return { kind: 'refused', why: `${paging.next} of the answer is no cursor` }
      return { kind: 'page', page: { ...page, query: { [paging.param]: String(value) } } }
    }
    case 'link': {
      const said =
        paging.next === undefined
          ? linkHeader(answer.headers)
          : at({ value: answer.json, pointer: '' }, paging.next).value
      if (said === undefined || said === null || said === '') return { kind: 'end' }
      if (typeof said !== 'string' || !URL.canParse(said, base.href))
        return { kind: 'refused', why: 'the next page is no address' }
      const url = new URL(said, base)
      // Our credentials go along: nowhere but to where they belong.
      if (url.origin !== base.origin)
        return { kind: 'refused', why: `the next page is at another place (${url.origin})` }
      return { kind: 'page', page: { ...page, url } }
    }
  }
}

/** The target of rel="next" (RFC 8288). */
function linkHeader(headers: Headers): string | undefined {
  for (const part of (headers.get('link') ?? '').split(/,(?=\s*<)/)) {
    const [, target, rest = ''] = /^\s*<([^<>]*)>(.*)$/.exec(part) ?? []
    if (target !== undefined && /;\s*rel="?next"?\s*(;|$)/i.test(rest)) return target
  }
  return undefined
}

function listOf(json: unknown, path: string | undefined): readonly Spot[] | null {
  const { value, pointer } = at({ value: json, pointer: '' }, path ?? '')
  if (!Array.isArray(value)) return null
  return value.map((item: unknown, i) => ({ value: item, pointer: `${pointer}/${i}` }))
}

const hourMs = 3_600_000

function cursorQuery(cursor: Cursor, from: string | undefined, now: Date, zone: string): Record<string, string> {
  const { kind, param, overlap = 0, startHours = 24, write = 'iso' } = cursor
  if (kind === 'token') return from === undefined ? {} : { [param]: from }
  if (kind === 'number') {
    const begin = BigInt(from ?? '0') - BigInt(overlap)
    return { [param]: String(begin < 0n ? 0n : begin) }
  }
  const begin = from === undefined ? now.getTime() - startHours * hourMs : Date.parse(from) - overlap * 1_000
  return { [param]: String(writtenTime(new Date(begin), write, zone)) }
}

/** The highest that any item says; an item from the future does not carry the cursor over what is yet to come. */
function furthest(
  cursor: Cursor,
  list: readonly Spot[],
  reached: string | undefined,
  terms: ReturnType<typeof termsOf>,
  now: Date,
): string | undefined {
  const steps = cursor.steps ?? (cursor.kind === 'time' ? [{ do: 'time' } as const] : [])
  let best = reached
  for (const record of list) {
    const found = takeValue({ path: cursor.path, steps }, { record, message: record }, terms)
    if (found.kind !== 'value') continue
    if (cursor.kind === 'time') {
      const instant = Math.min(Date.parse(String(found.value)), now.getTime())
      if (Number.isFinite(instant) && (best === undefined || instant > Date.parse(best)))
        best = new Date(instant).toISOString()
    } else if (/^\d{1,30}$/.test(String(found.value))) {
      const number = BigInt(String(found.value))
      if (best === undefined || number > BigInt(best)) best = String(number)
    }
  }
  return best
}

function tokenOf(cursor: Cursor, json: unknown): string | undefined {
  const { value } = at({ value: json, pointer: '' }, cursor.path)
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}

export function saidBy(answer: VendorAnswer): string {
  if (answer.kind === 'answered') {
    if (answer.status === 401 || answer.status === 403) return `the vendor refuses our credentials (${answer.status})`
    if (answer.status >= 300 && answer.status < 400)
      return `the vendor sends us elsewhere (${answer.status}), and redirects are not followed`
    return `the vendor answered ${answer.status}`
  }
  const told =
    answer.kind === 'garbled'
      ? `the vendor's answer (${answer.status}) could not be read`
      : 'the vendor could not be asked'
  return `${told}: ${answer.reason}`
}
