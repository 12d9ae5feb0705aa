// Owns the address at which files are exchanged: one for cards, one for users, one for customers, each read and written.
// Must not read a byte of a file before the caller has proved itself.

import type { ParcsSink, ParkingBook } from '../../../core/plugin/index.ts'
import {
  decodeText,
  encodeWindows1252,
  localDate,
  problem,
  problemResponse,
  provesCaller,
  readBody,
} from '../../../core/plugin/index.ts'
import type { Layout } from './layouts.ts'
import * as layouts from './layouts.ts'
import type { Outgoing, OutgoingDeps } from './outgoing.ts'
import { type Head, type Reject, readRecordFile, writeRecordFile } from './record-file.ts'
import { takeCards } from './take-cards.ts'
import { takePeople } from './take-people.ts'

export interface ServeDeps extends OutgoingDeps {
  token: string
  outgoing: Outgoing
  now(): Date
  /** Undefined while the connection is not running. */
  doors(): { sink: ParcsSink; book: ParkingBook } | undefined
}

const largestFile = 33_554_432
const files = ['cards', 'users', 'customers'] as const

export function serve(deps: ServeDeps): (request: Request, path: string) => Promise<Response> {
  let last: Promise<unknown> = Promise.resolve()
  return async (request, path) => {
    if (!provesCaller(request.headers, new Uint8Array(), [{ kind: 'bearer', token: deps.token }]))
      return refuse(401, 'unauthorised', 'Not let in', 'Send the secret "exchange" as a bearer token.')
    const file = files.find((name) => path.replace(/^\//, '') === name)
    if (!file) return refuse(404, 'not_found', 'Not found', `There are ${files.join(', ')}.`)
    const doors = deps.doors()
    if (!doors) return refuse(503, 'not_ready', 'Not ready', 'The connection is not running.')
    if (request.method === 'GET') return written(deps, file, doors.book)
    if (request.method !== 'PUT') return new Response(null, { status: 405, headers: { allow: 'GET, PUT' } })
    const body = await readBody(request, largestFile)
    if (body.kind !== 'ok') return refuse(413, body.kind, 'File not read', 'It is larger than 32 MB, or broke off.')
    // One at a time: two files about one card would count its revisions twice.
    const next = last.then(() => taken(deps, file, decodeText(body.value), doors))
    last = next.catch(() => undefined)
    return next
  }
}

const refuse = (...parts: Parameters<typeof problem>) => problemResponse(problem(...parts))
const unfit = (rejects: readonly Reject[]) => Response.json({ stored: 0, unchanged: 0, rejects }, { status: 422 })

async function taken(
  deps: ServeDeps,
  file: (typeof files)[number],
  text: string,
  { sink, book }: { sink: ParcsSink; book: ParkingBook },
): Promise<Response> {
  const { zone } = await book.site()
  switch (file) {
    case 'cards':
      return whole(deps, layouts.card, text, (read) => takeCards({ ...deps, sink, zone, now: deps.now() }, read))
    case 'users':
      return whole(deps, layouts.user, text, (read) => takePeople(deps, 'user', read))
    case 'customers':
      return whole(deps, layouts.customer, text, (read) => takePeople(deps, 'customer', read))
  }
}

async function whole<L extends Layout>(
  { config }: ServeDeps,
  layout: L,
  text: string,
  take: (read: Extract<ReturnType<typeof readRecordFile<L>>, { kind: 'ok' }>) => Promise<object>,
): Promise<Response> {
  const read = readRecordFile(layout, text)
  if (read.kind === 'refused') return unfit(read.rejects)
  const { facility } = read.header
  if (facility !== config.facilityNo)
    return unfit([
      { line: 1, field: 'facility', message: `is ${facility}, and this connection is for ${config.facilityNo}` },
    ])
  return Response.json(await take(read))
}

async function written(
  { config, outgoing, now }: ServeDeps,
  file: (typeof files)[number],
  book: ParkingBook,
): Promise<Response> {
  const { zone, currency } = await book.site()
  const head: Head = { facility: config.facilityNo, date: localDate(now(), zone), currency }
  if (file === 'cards')
    return new Response(writeRecordFile(layouts.card, head, await outgoing.cards()), {
      headers: { 'content-type': 'text/csv; charset=us-ascii' },
    })
  if (config.userNumbersFrom === 0)
    return refuse(404, 'not_found', 'Not written', 'Names go out only when "userNumbersFrom" is set.')
  const text =
    file === 'users'
      ? writeRecordFile(layouts.user, head, await outgoing.users(zone))
      : writeRecordFile(layouts.customer, head, await outgoing.customers(zone))
  const bytes = config.encoding === 'utf-8' ? new TextEncoder().encode(text) : encodeWindows1252(text)
  return new Response(bytes as never, { headers: { 'content-type': `text/csv; charset=${config.encoding}` } })
}
