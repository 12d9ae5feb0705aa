// Owns the four calls of Pay-by-Plate Sync (`api/pbp/v2014-06`): zones, permits of a zone, the last-chance lookup, and the search by plates.
// Must not say "no permit" when the hub could not look: whoever asks may write a fine.
import {
  type CallerProof,
  type FieldError,
  type Log,
  problem,
  problemResponse,
  provesCaller,
  readBody,
  readJson,
} from '../../core/plugin/index.ts'
import type { GenetecConfig } from './config.ts'
import type { PermitBook } from './permit-book.ts'
import { type Permit, type PermitDeps, permitsNow, plateKey, type Zone, zonesOf } from './permits.ts'

export interface ServeDeps {
  connectionId: string
  config: GenetecConfig
  proofs(): Promise<readonly CallerProof[]>
  /** Throws while the connection is not running. */
  permits(): PermitDeps
  book: PermitBook
  log: Log
}

const largestBytes = 262_144
const mostPlates = 1_000
/** More than this many are quicker looked up in the list of all. */
const fewPlates = 10
const longest = 64
const prefix = 'api/pbp/v2014-06/'

export function serve(deps: ServeDeps): (request: Request, path: string) => Promise<Response> {
  return async (request, rawPath) => {
    const path = rawPath.replace(/^\/+|\/+$/g, '')
    try {
      if (!path.startsWith(prefix)) return refuse(404, 'not_found', `The calls are below ${prefix}.`)
      if ((request.headers.get('content-encoding') ?? 'identity') !== 'identity')
        return refuse(415, 'encoding_unsupported', 'Send the body uncompressed.')
      const body = await readBody(request, largestBytes)
      if (body.kind === 'cut') return refuse(400, 'body_incomplete', 'The body ended too early.')
      if (body.kind === 'too_large') return refuse(413, 'body_too_large', `A call may have ${largestBytes} bytes.`)
      if (!provesCaller(request.headers, body.value, await deps.proofs())) {
        deps.log.warn({ path }, 'a call was refused: it does not carry the API key')
        return refuse(401, 'unauthorised', 'The call does not carry the API key.')
      }
      return await route(deps, request, path.slice(prefix.length), body.value)
    } catch (error) {
      deps.log.error({ err: error }, 'a call of Pay-by-Plate Sync could not be served')
      return refuse(503, 'unavailable', 'The hub cannot say at the moment.', { 'retry-after': '5' })
    }
  }
}

async function route(deps: ServeDeps, request: Request, path: string, body: Uint8Array): Promise<Response> {
  const [, zoneId] = /^zones\/([^/]+)\/permits$/.exec(path) ?? []
  const [method, handle] =
    path === 'zones'
      ? (['GET', () => listZones(deps)] as const)
      : zoneId !== undefined
        ? (['GET', () => listPermits(deps, decoded(zoneId), new URL(request.url).searchParams)] as const)
        : path === 'isvalid'
          ? (['POST', () => asked(body, (question) => isValid(deps, question))] as const)
          : path === 'permits/search'
            ? (['POST', () => asked(body, (question) => search(deps, question))] as const)
            : (['', undefined] as const)
  if (handle === undefined)
    return refuse(404, 'not_found', 'There are zones, zones/{id}/permits, isvalid and permits/search.')
  if (request.method !== method)
    return refuse(405, 'method_not_allowed', `This call is a ${method}.`, { allow: method })
  return handle()
}

async function listZones({ config, permits }: ServeDeps): Promise<Response> {
  const zones = zonesOf(config, (await permits().book.site()).name).map(({ id, name }) => ({ ZoneId: id, Name: name }))
  return Response.json(config.zonesAnswer === 'list' ? zones : { Zones: zones })
}

async function listPermits(deps: ServeDeps, zoneId: string, query: URLSearchParams): Promise<Response> {
  const { config, connectionId, book, log } = deps
  const permits = deps.permits()
  const { name } = await permits.book.site()
  if (!zonesOf(config, name).some(({ id }) => id === zoneId))
    return refuse(404, 'zone_unknown', 'There is no such zone.')
  const reached = await book.update(() => permitsNow(permits), permits.now())
  const token = query.get('continuationToken') ?? ''
  let seq = seqOf(token, connectionId)
  if (token !== '' && (seq === undefined || seq > reached)) {
    // Of another connection, or from before a restored backup: told all that ever was, its holder is right again.
    log.warn({ zoneId }, 'a continuation token is not known; everything is told')
    seq = 0
  }
  const list = seq === undefined ? await book.standing(zoneId) : await book.since(zoneId, seq)
  return Response.json({ ContinuationToken: `${connectionId}.${reached}`, Permits: list.map(rendered) })
}

interface Question {
  plates: readonly string[]
  zoneIds: readonly string[]
}

async function isValid(deps: ServeDeps, { plates, zoneIds }: Question): Promise<Response> {
  const zones = await knownZones(deps, zoneIds)
  if (zones.size === 0) return refuse(404, 'zone_unknown', 'There is none of these zones.')
  const { now } = deps.permits()
  const found = await permitsOf(deps, plates)
  const valid = found.some(
    ({ zoneId, from, until }) =>
      zones.has(zoneId) && (from === null || from <= now()) && (until === null || until > now()),
  )
  return Response.json(deps.config.isValidAnswer === 'boolean' ? valid : { IsValid: valid })
}

async function search(deps: ServeDeps, { plates, zoneIds }: Question): Promise<Response> {
  const zones = await knownZones(deps, zoneIds)
  const found = zones.size === 0 ? [] : await permitsOf(deps, plates)
  const permitZones = [...zones.keys()].flatMap((zoneId) => {
    const inside = found.filter((permit) => permit.zoneId === zoneId)
    return inside.length === 0 ? [] : [{ Permits: inside.map(rendered), ZoneId: zoneId }]
  })
  if (permitZones.length === 0) return refuse(404, 'no_permit', 'There are no such permits.')
  return Response.json({ PermitZones: permitZones })
}

async function knownZones({ config, permits }: ServeDeps, zoneIds: readonly string[]): Promise<Map<string, Zone>> {
  const zones = zonesOf(config, (await permits().book.site()).name)
  return new Map(zones.filter(({ id }) => zoneIds.includes(id)).map((zone) => [zone.id, zone]))
}

async function permitsOf(deps: ServeDeps, plates: readonly string[]): Promise<Permit[]> {
  const keys = new Set(plates.map(plateKey).filter((key) => key !== ''))
  if (keys.size > fewPlates) return (await permitsNow(deps.permits())).filter(({ plate }) => keys.has(plateKey(plate)))
  const found: Permit[] = []
  for (const key of keys) found.push(...(await permitsNow(deps.permits(), key)))
  return found
}

async function asked(body: Uint8Array, answer: (question: Question) => Promise<Response>): Promise<Response> {
  const json = readJson(body)
  if (json.kind === 'bad') return refuse(400, json.code, json.detail)
  const errors: FieldError[] = []
  // "PlateNumbers" and "ZoneIds" are the search's; one plate or zone may come by its singular.
  const plates = texts(json.value, 'PlateNumbers', 'PlateNumber', mostPlates, errors)
  const zoneIds = texts(json.value, 'ZoneIds', 'ZoneId', mostPlates, errors)
  if (errors.length > 0)
    return problemResponse(problem(400, 'question_invalid', 'The question is not as agreed.', 'See errors.', errors))
  return answer({ plates, zoneIds })
}

function texts(json: unknown, many: string, one: string, most: number, errors: FieldError[]): string[] {
  const fields = (typeof json === 'object' && json !== null ? json : {}) as Record<string, unknown>
  const given = Object.hasOwn(fields, many) ? fields[many] : Object.hasOwn(fields, one) ? [fields[one]] : undefined
  if (!Array.isArray(given) || given.length === 0 || given.length > most) {
    errors.push({ pointer: `/${many}`, message: `must be a list of 1 to ${most} texts` })
    return []
  }
  return given.flatMap((each: unknown, index) => {
    if (typeof each === 'string' && each.trim() !== '' && each.length <= longest) return [each.trim()]
    errors.push({ pointer: `/${many}/${index}`, message: `must be a text of 1 to ${longest} characters` })
    return []
  })
}

/** Undefined for none, and for what is none of this connection's. */
function seqOf(token: string, connectionId: string): number | undefined {
  const [, connection, number = ''] = /^([0-9a-f-]{36})\.(\d{1,9})$/.exec(token) ?? []
  return connection === connectionId ? Number(number) : undefined
}

/** .NET's own words for "always was" and "never ends". */
const always = '0001-01-01T00:00:00'
const never = '9999-12-31T23:59:59Z'

function rendered({ permitId, plate, plateState, from, until }: Permit) {
  return {
    Expiry: until?.toISOString() ?? never,
    Activation: from?.toISOString() ?? always,
    PermitId: permitId,
    PlateNumber: plate,
    PlateState: plateState,
    Make: '',
    Color: '',
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function refuse(status: number, code: string, detail: string, headers: Record<string, string> = {}): Response {
  return problemResponse(problem(status, code, 'The call was not served.', detail), headers)
}
