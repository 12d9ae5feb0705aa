// Owns the operations on events, the audit log, API keys and the dashboard's login.
// Must not hold rules; core/services does.
import { HubError } from '../../domain/hub-error.ts'
import type { Entropy } from '../../services/keys/api-key-text.ts'
import { createKey, getKey, listKeys, revokeKey } from '../../services/keys/manage-keys.ts'
import type { KeyVerdict } from '../../services/keys/verify-key.ts'
import { listAudit } from '../../services/manage/read-records.ts'
import type { EventPorts } from '../api-ports.ts'
import { principalOf, unknownCaller } from '../authenticate.ts'
import { listQuery } from '../cursor.ts'
import { eventStream, eventStreamHeaders } from '../event-stream.ts'
import type { CallContext, Part, Principal } from '../operation-types.ts'
import { type ProblemReply, problem } from '../problem.ts'
import { done, listed, made, mapped, shown } from '../replies.ts'
import type { SessionCookies } from '../session-cookie.ts'

type Ids =
  | 'listEvents'
  | 'streamEvents'
  | 'listAuditLog'
  | 'listApiKeys'
  | 'createApiKey'
  | 'getApiKey'
  | 'revokeApiKey'
  | 'getSession'
  | 'createSession'
  | 'deleteSession'

export interface HubOperationsDeps {
  events: EventPorts
  eventTypes: readonly string[]
  entropy: Entropy
  now(): Date
  verifyKey(presented: { text: string }): Promise<KeyVerdict>
  cookies: SessionCookies
  /** Aborted when the hub goes down. */
  closing: AbortSignal
}

interface EventQuery {
  siteId?: string
  type?: string
}

/** Each asks the database twice a second; a hundred windows of the dashboard are more than anybody has open. */
const mostStreams = 100

export function hub(options: HubOperationsDeps): Part<Ids> {
  const { events, eventTypes, entropy, now, cookies, closing } = options

  const streams = new Map<string, number>()
  const openStreams = (actor: string, more: 1 | -1) => {
    const now = (streams.get(actor) ?? 0) + more
    if (now === 0) streams.delete(actor)
    else streams.set(actor, now)
  }

  const filterOf = ({ access }: CallContext, { siteId, type }: EventQuery) => {
    const sites = siteId === undefined ? access.siteIds : (access.siteIds?.filter((id) => id === siteId) ?? [siteId])
    const types = type === undefined ? undefined : typesNamed(eventTypes, type)
    return {
      organizationId: access.organizationId,
      ...(sites === null ? {} : { siteIds: sites }),
      ...(types === undefined ? {} : { types }),
    }
  }

  const sessionOf = ({ actor, name, organizationId, scopes, siteIds }: Principal) => ({
    actor,
    name,
    organizationId,
    scopes: [...scopes],
    siteIds: siteIds === null ? null : [...siteIds],
  })

  return {
    async listEvents({ query }, context) {
      const filter = filterOf(context, query)
      const { types } = filter
      if (types?.length === 0) return noSuchType(eventTypes)
      const { limit = 50, cursor, subjectId } = query
      const page = await events.read({
        ...filter,
        limit,
        ...(cursor === undefined ? {} : { after: cursor }),
        ...(subjectId === undefined ? {} : { subjectId }),
      })
      return {
        status: 200,
        body: {
          items: page.events.map(({ event: { organizationId: _, ...event } }) => ({
            ...event,
            data: { ...event.data },
          })),
          nextCursor: page.cursor,
        },
      }
    },
    async streamEvents({ query, request }, context) {
      const filter = filterOf(context, query)
      if (filter.types?.length === 0) return noSuchType(eventTypes)
      if (request.method === 'HEAD') return new Response(null, { headers: eventStreamHeaders })
      const { deps, requestId } = context
      const { actor } = context.access
      if ((streams.get(actor) ?? 0) >= mostStreams) {
        return problem('too_many_streams', { detail: `There are ${mostStreams} already. End one first.` })
      }
      const after = request.headers.get('last-event-id')
      openStreams(actor, 1)
      try {
        return await eventStream({
          events,
          filter,
          ...(after === null ? {} : { after }),
          now,
          signal: AbortSignal.any([request.signal, closing]),
          failed: (error) => deps.log.warn({ err: error, requestId }, 'an event stream broke off'),
          over: () => openStreams(actor, -1),
        })
      } catch (error) {
        if (after === null || !(error instanceof HubError && error.code === 'cursor_invalid')) throw error
        const { message } = error
        return problem('invalid_cursor', {
          detail: message,
          errors: [{ in: 'header', pointer: '/last-event-id', message }],
        })
      }
    },
    listAuditLog: async ({ query }, { deps, access }) => listed(await listAudit(deps)(access, listQuery(query))),

    listApiKeys: async ({ query }, { deps, access }) => listed(await listKeys(deps)(access, listQuery(query))),
    createApiKey: async ({ body }, { deps, access }) =>
      made(
        await mapped(createKey({ ...deps, entropy, now })(access, body), ({ key, text }) => ({ ...key, key: text })),
        (key) => `/api-keys/${key.keyId}`,
      ),
    getApiKey: async ({ path }, { deps, access }) => shown(await getKey(deps)(access, path.keyId)),
    revokeApiKey: async ({ path }, { deps, access }) => done(await revokeKey({ ...deps, now })(access, path.keyId)),

    getSession: (_call, { principal }) => ({ status: 200, body: sessionOf(principal) }),
    async createSession({ body }, { slowDown }) {
      // Counted as everywhere else, by key or, for who has none, by address: many callers share that of their proxy, and a
      // stranger's guesses must not keep the others out.
      const verdict = await options.verifyKey({ text: body.key })
      if (verdict.kind !== 'valid') return slowDown() ?? unknownCaller('This key is not known, or no longer good.')
      const principal = principalOf(verdict.key, true)
      const limited = slowDown(principal.actor)
      if (limited) return limited
      return {
        status: 200,
        headers: { 'Set-Cookie': await cookies.issue(verdict.key.keyId) },
        body: sessionOf(principal),
      }
    },
    deleteSession: () => ({ status: 204, headers: { 'Set-Cookie': cookies.clear() } }),
  }
}

/** `stay.*` is every type of the family; names that no event has are left out. */
function typesNamed(all: readonly string[], text: string): string[] {
  const wanted = text.split(',')
  return all.filter((type) =>
    wanted.some((one) => one === type || (one.endsWith('.*') && type.startsWith(one.slice(0, -1)))),
  )
}

function noSuchType(all: readonly string[]): ProblemReply {
  const message = `names no event type; there are ${all.join(', ')}`
  return problem('invalid_request', { detail: message, errors: [{ in: 'query', pointer: '/type', message }] })
}
