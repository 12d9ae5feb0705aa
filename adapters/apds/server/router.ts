// Owns every path of APDS 4.0 and its verbs: who may use it, and what answers it.
// Must not answer a write before the hub has stored it.
import { HubError, type Log } from '../../../core/plugin/index.ts'
import type { Intake, Taken } from '../intake.ts'
import { type Parsed, readPlace, readRight, readSession } from '../object-schemas.ts'
import { readBody } from '../read-body.ts'
import { Refusal, status, unfit } from './answer.ts'
import type { Scope } from './config.ts'
import type { Source } from './lists.ts'
import type { Pager } from './pager.ts'
import { type Collection, readQuery } from './query.ts'

export interface RouterDeps {
  sources: Record<Collection, Source>
  pager: Pager
  intake: Intake
  subscribe(json: unknown): Promise<Response>
  token(request: Request): Promise<Response>
  scopesOf(request: Request): Promise<readonly Scope[] | null>
  log: Log
}

interface Writes {
  scope: Scope
  noun: string
  put?(deps: RouterDeps, json: unknown, id: string | undefined): Promise<Response>
  remove?(deps: RouterDeps, id: string): Promise<Taken | undefined>
  /** Whether new ones may be made, or old ones only be told about. */
  creates: boolean
}

const writes: Partial<Record<Collection, Writes>> = {
  sessions: {
    scope: 'sp',
    noun: 'Session',
    creates: true,
    put: (deps, json, id) => store('Session', readSession(json), id, (session) => deps.intake.session(session)),
    remove: ({ intake }, id) => intake.removeSession(id),
  },
  rights: {
    scope: 'sp',
    noun: 'Assigned right',
    creates: true,
    put: (deps, json, id) => store('Assigned right', readRight(json), id, (right) => deps.intake.right(right)),
    remove: ({ intake }, id) => intake.removeRight(id),
  },
  // Occupancy is told by updating the place it is of (public occupancy examples, second example).
  places: {
    scope: 'po',
    noun: 'Place',
    creates: false,
    async put(deps, json, id) {
      const read = readPlace(json)
      if (read.kind === 'wrong') return unfit(read.errors)
      if (read.value.id !== id) return status(400, '/id is not the one of the path', [read.value.id])
      if (!(await deps.sources.places.get(id, readQuery(new URL('http://apds'), 'places'))))
        return status(404, 'Place not found.', [id])
      if (!read.value.hierarchyElementReference?.demandTable)
        return status(400, '/hierarchyElementReference/demandTable is required: all else of a place is kept at the hub')
      return answerOf('Place', id, await deps.intake.place(read.value))
    },
  },
}

const collections: readonly { path: string; collection: Collection }[] = [
  { path: 'places', collection: 'places' },
  { path: 'contacts', collection: 'contacts' },
  { path: 'rights/specs', collection: 'specs' },
  { path: 'rights/assigned', collection: 'rights' },
  { path: 'rates', collection: 'rates' },
  { path: 'sessions', collection: 'sessions' },
]

export function router(deps: RouterDeps): (request: Request, path: string) => Promise<Response> {
  return async (request, path) => {
    try {
      return await answer(deps, request, path.replace(/^\/+|\/+$/g, ''))
    } catch (error) {
      if (error instanceof Refusal) return error.response
      deps.log.error({ err: error }, 'an APDS call could not be served')
      if (error instanceof HubError && error.status === 503)
        return status(503, 'Try again soon.', undefined, { 'retry-after': '5' })
      return status(500, 'The hub failed. Nothing was confirmed; repeating is safe.')
    }
  }
}

async function answer(deps: RouterDeps, request: Request, path: string): Promise<Response> {
  const { method } = request
  if (path === 'auth') return method === 'POST' ? deps.token(request) : notAllowed('POST')
  const scopes = await deps.scopesOf(request)
  if (scopes === null)
    return status(401, 'A valid token is needed; POST /auth gives one.', undefined, { 'www-authenticate': 'Bearer' })
  if (path === 'webhooks') {
    if (method !== 'POST') return notAllowed('POST')
    return deps.subscribe(await bodyOf(request))
  }
  const found = collections.find((each) => path === each.path || path.startsWith(`${each.path}/`))
  const rest = found && path.slice(found.path.length + 1)
  if (!found || rest === undefined || rest.includes('/')) return status(404, 'There is no such path.')
  const id = rest === '' ? undefined : decoded(rest)
  const write = writes[found.collection]
  if (method === 'GET' || method === 'HEAD') {
    if (scopes.length === 0) return status(403, 'The token has no scope.')
    return read(deps, found.collection, request, id)
  }
  const allowed = [
    'GET',
    ...(id === undefined
      ? write?.creates
        ? ['POST']
        : []
      : [...(write?.put ? ['PUT'] : []), ...(write?.remove ? ['DELETE'] : [])]),
  ]
  if (!write || !allowed.includes(method)) return notAllowed(allowed.join(', '))
  if (!scopes.includes(write.scope)) return status(403, `This needs the scope ${write.scope}.`)
  if (method === 'DELETE') {
    const taken = id === undefined ? undefined : await write.remove?.(deps, id)
    return taken
      ? answerOf(write.noun, id ?? '', taken, 'deleted')
      : status(404, `${write.noun} not found.`, id ? [id] : [])
  }
  return (await write.put?.(deps, await bodyOf(request), id)) ?? notAllowed('GET')
}

async function read(
  { sources, pager }: RouterDeps,
  collection: Collection,
  request: Request,
  id: string | undefined,
): Promise<Response> {
  const query = readQuery(new URL(request.url), collection)
  const source = sources[collection]
  if (id === undefined) {
    const { meta, items, deleted } = await pager.page(query.key, query.page, () => source.list(query))
    return Response.json({ meta, ...(deleted ? { deletedReferences: deleted } : {}), data: items })
  }
  const item = (await source.get(id, query)) as { version?: number } | undefined
  if (!item) return status(404, 'Not found.', [id])
  // Only the newest version is kept; an older one is known to have been and cannot be shown.
  if (query.version !== undefined && query.version !== item.version)
    return status(404, `Version ${query.version} is not kept.`, [id])
  return Response.json(item)
}

async function store<T extends { id: string }>(
  noun: string,
  read: Parsed<T>,
  id: string | undefined,
  take: (value: T) => Promise<Taken>,
): Promise<Response> {
  if (read.kind === 'wrong') return unfit(read.errors)
  if (id !== undefined && read.value.id !== id) return status(400, '/id is not the one of the path', [read.value.id])
  const taken = await take(read.value)
  return answerOf(noun, read.value.id, taken, id === undefined || taken.kind === 'created' ? 'created' : 'updated')
}

/** A repeat is answered as the first time was: a partner whose answer was lost must not be told of a conflict with itself. */
function answerOf(
  noun: string,
  id: string,
  taken: Taken,
  done: 'created' | 'updated' | 'deleted' = 'updated',
): Response {
  if (taken.kind === 'conflict') return status(409, taken.message, [id])
  if (taken.kind === 'refused') return status(400, taken.message, [id])
  const late = taken.kind === 'older' ? ' A newer version was there before.' : ''
  return status(done === 'created' ? 201 : 200, `${noun} ${done}.${late}`, [id])
}

async function bodyOf(request: Request): Promise<unknown> {
  const body = await readBody(request)
  if (body.kind === 'bad') throw new Refusal(body.status, body.message)
  return body.value
}

function notAllowed(allow: string): Response {
  return status(405, `Allowed here: ${allow}.`, undefined, { allow })
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
