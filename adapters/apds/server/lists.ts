// Owns what each list and each item of it is made of: the partner's own documents, and beside them what the hub knows.
// Must not show a stay twice: one that the partner told of is shown as the partner sent it.
import type { BookedRight, BookedStay, Page, ParkingBook } from '../../../core/plugin/index.ts'
import { plainText } from '../credential-words.ts'
import type { Documents, Stored } from '../documents.ts'
import { rightIdsOf } from '../documents.ts'
import type { ApdsCredential, AssignedRight, DeletedReference, Session } from '../objects.ts'
import { Refusal } from './answer.ts'
import { rightAsRead, sessionAsRead } from './as-read.ts'
import type { ServerConfig } from './config.ts'
import { type Listed, mostItems } from './pager.ts'
import type { Query } from './query.ts'
import { ref, renderPlaces } from './render-place.ts'
import { renderRate } from './render-rate.ts'
import {
  permitSpec,
  renderRight,
  renderSpecs,
  renderStay,
  renderStayRight,
  shortStaySpec,
  stayRightId,
  type UseInput,
} from './render-use.ts'

export interface ListDeps {
  book: ParkingBook
  documents: Documents
  config: ServerConfig
  now(): Date
}
interface Item {
  id: string
}
export interface Source {
  list(query: Query): Promise<Listed<Item>>
  get(id: string, query: Query): Promise<Item | undefined>
}

const operator = ref('operator', 1, 'ContactPoint')
const dayMs = 86_400_000

export function lists(
  deps: ListDeps,
): Record<'places' | 'contacts' | 'specs' | 'rates' | 'sessions' | 'rights', Source> {
  const { book, documents, config, now } = deps
  const partner = ref(config.clientId, 1)
  const context = async ({ expand }: Pick<Query, 'expand'>): Promise<UseInput> => ({
    site: await book.site(),
    operator,
    language: config.language,
    expand,
  })

  const places = async (query: Query) => {
    const [site, counters] = await Promise.all([book.site(), book.counters()])
    const specs = [permitSpec(site.siteId), shortStaySpec(site.siteId)].map((id) =>
      ref(id, site.version ?? 1, 'RightSpecification'),
    )
    return {
      site,
      counters,
      all: renderPlaces({
        site,
        counters,
        language: config.language,
        now: now(),
        expand: query.expand,
        specs,
        operator,
      }),
    }
  }
  const rates = async () =>
    (await book.tariffs()).flatMap(
      (tariff) => (renderRate(tariff, config.language) ?? []) as (Item & { version: number })[],
    )
  const specs = async (query: Query) => {
    const input = await context(query)
    return {
      input,
      all: renderSpecs(
        input,
        (await rates()).map(({ id, version }) => ref(id, version, 'RateTable')),
      ),
    }
  }
  const contacts = () => [
    {
      ...ref(operator.id, 1),
      contactType: 'contactPoint',
      type: 'operator',
      organisationName: [{ language: config.language, string: config.operatorName }],
    },
    {
      ...partner,
      contactType: 'contactPoint',
      type: 'serviceProvider',
      organisationName: [{ language: config.language, string: config.partnerName }],
    },
  ]
  const found = <T extends Item>(items: readonly T[], id: string) => items.find((item) => item.id === id)

  return {
    places: {
      async list(query) {
        const { site, counters, all } = await places(query)
        const moved = query.expand('occupancy')
          ? [...counters.map(({ at }) => at), ...site.bays.flatMap(({ since }) => since ?? [])]
          : []
        const changed =
          !query.modifiedSince || [site.updatedAt ?? now(), ...moved].some((at) => at >= (query.modifiedSince as Date))
        const items = all.filter(
          ({ type, layer, name }) =>
            changed &&
            near(query, site) &&
            (!query.types || query.types.includes(type)) &&
            (query.layer === undefined || layer <= query.layer) &&
            (query.operator === undefined || query.operator === operator.id) &&
            (query.name === undefined || JSON.stringify(name).includes(JSON.stringify(query.name))),
        )
        return { items, ...(query.modifiedSince ? { deleted: [] } : {}) }
      },
      get: async (id, query) => found((await places(query)).all, id),
    },
    contacts: {
      list: async (query) => ({
        items: contacts().filter(({ type }) => !query.contactType || type === query.contactType),
      }),
      get: async (id) => found(contacts(), id),
    },
    specs: {
      async list(query) {
        const { input, all } = await specs(query)
        const changed = !query.modifiedSince || (input.site.updatedAt ?? now()) >= query.modifiedSince
        const items = all.filter(() => changed && near(query, input.site) && isIssuer(query) && atPlace(query, input))
        return { items, ...(query.modifiedSince ? { deleted: [] } : {}) }
      },
      get: async (id, query) => found((await specs(query)).all, id),
    },
    rates: {
      async list(query) {
        const input = await context(query)
        const asked = query.rightSpecs && !query.rightSpecs.includes(shortStaySpec(input.site.siteId))
        // A version of a tariff never changes; which of them hold now does, and there are few.
        const items = near(query, input.site) && isIssuer(query) && atPlace(query, input) && !asked ? await rates() : []
        return { items, ...(query.modifiedSince ? { deleted: [] } : {}) }
      },
      get: async (id) => found(await rates(), id),
    },
    sessions: {
      async list(query) {
        const input = await context(query)
        const stays = await staysFor(deps, query)
        const own = await documents.list('Session', query.modifiedSince)
        const mine = stays.filter(({ stayRef, state }) => stayRef === undefined && state !== 'voided')
        const uses = [
          ...own
            .filter(({ deletedAt }) => !deletedAt)
            .map(({ body }) => ({ session: sessionAsRead(body, partner), spec: undefined as string | undefined })),
          ...mine.map((stay) => ({ session: renderStay(stay, input) as Session, spec: specOf(stay, input) })),
        ]
        const fitting: Session[] = []
        for (const { session, spec } of uses)
          if (
            near(query, input.site) &&
            sessionFits(session, query, input) &&
            (await specFits(documents, session, spec, query, input))
          )
            fitting.push(session)
        const voided = stays.filter(({ stayRef, state }) => stayRef === undefined && state === 'voided')
        const deleted = [
          ...deletedOf(own, 'Session'),
          ...voided.map(({ stayId, updatedAt }) => gone(stayId, 'Session', updatedAt)),
        ]
        return { items: fitting, ...(query.modifiedSince ? { deleted } : {}) }
      },
      async get(id, query) {
        const own = await documents.get('Session', id)
        if (own) return own.deletedAt ? undefined : sessionAsRead(own.body, partner)
        const { items } = await book.stays({ stayIds: [id] })
        const stay = items.find(({ stayRef, state }) => stayRef === undefined && state !== 'voided')
        return stay && renderStay(stay, await context(query))
      },
    },
    rights: {
      async list(query) {
        const input = await context(query)
        const own = await documents.list('AssignedRight', query.modifiedSince)
        const standing = await all((page) =>
          book.rights({ ...page, ...(query.modifiedSince ? { changedSince: query.modifiedSince } : {}) }),
        )
        const live = standing.filter(isLive)
        const items = [
          ...own.filter(({ deletedAt }) => !deletedAt).map(({ body }) => rightAsRead(body, partner)),
          ...live.map((right) => renderRight(right, input) as AssignedRight),
        ].filter((right) => near(query, input.site) && rightFits(right, query, input))
        const revoked = standing.filter((right) => !isLive(right))
        const deleted = [
          ...deletedOf(own, 'AssignedRight'),
          ...revoked.map(({ credentialId, updatedAt }) => gone(credentialId, 'AssignedRight', updatedAt)),
        ]
        return { items, ...(query.modifiedSince ? { deleted } : {}) }
      },
      async get(id, query) {
        const own = await documents.get('AssignedRight', id)
        if (own) return own.deletedAt ? undefined : rightAsRead(own.body, partner)
        if (id.startsWith(stayRightId(''))) {
          const { items } = await book.stays({ stayIds: [id.slice(stayRightId('').length)] })
          return items[0] && renderStayRight(items[0], await context(query))
        }
        const { items } = await book.rights({ credentialIds: [id] })
        const right = items.find(isLive)
        return right && renderRight(right, await context(query))
      },
    },
  }
}

/** A right to charge alone says nothing about parking; one that is blocked may not be used. */
function isLive({ status, rights }: BookedRight): boolean {
  return status === 'active' && rights.includes('park')
}

/** Without any time asked for, what is open now and what changed lately: a garage's whole past is no answer to anything. */
async function staysFor({ book, config, now }: ListDeps, query: Query): Promise<BookedStay[]> {
  const bounds = [query.startAfter, query.endAfter].filter((at) => at !== undefined)
  // A stay that began or ended after an instant has changed after it.
  const since = query.modifiedSince ?? bounds.toSorted((a, b) => b.getTime() - a.getTime())[0]
  if (since) return all((page) => book.stays({ ...page, changedSince: since }))
  const lately = new Date(now().getTime() - config.historyDays * dayMs)
  const [open, recent] = await Promise.all([
    all((page) => book.stays({ ...page, open: true })),
    all((page) => book.stays({ ...page, changedSince: lately })),
  ])
  return [...new Map([...open, ...recent].map((stay) => [stay.stayId, stay])).values()]
}

/** A row that changes between two pages comes twice; the newer one counts. */
async function all<T extends { stayId?: string; credentialId?: string }>(
  read: (page: { after?: string; limit: number }) => Promise<Page<T>>,
): Promise<T[]> {
  const items = new Map<string, T>()
  let after: string | undefined
  do {
    const page = await read({ limit: 500, ...(after === undefined ? {} : { after }) })
    for (const item of page.items) items.set(item.stayId ?? item.credentialId ?? '', item)
    after = page.next ?? undefined
  } while (after !== undefined && items.size <= mostItems)
  if (after !== undefined)
    throw new Refusal(400, `There are more than ${mostItems}: ask for a shorter time by modified_since or start_after.`)
  return [...items.values()]
}

function deletedOf(own: readonly Stored<Item>[], className: string): DeletedReference[] {
  return own.flatMap(({ body, deletedAt }) => (deletedAt ? [gone(body.id, className, deletedAt)] : []))
}

function gone(id: string, className: string, at: Date): DeletedReference {
  return { id, className, deleteTimestamp: at.toISOString() }
}

function isIssuer({ issuer }: Query): boolean {
  return issuer === undefined || issuer === operator.id
}

function near({ near: circle }: Query, { latitude, longitude }: UseInput['site']): boolean {
  if (!circle) return true
  if (latitude === null || longitude === null) return false
  const rad = (degrees: number) => (degrees * Math.PI) / 180
  const half = (a: number, b: number) => Math.sin(rad(a - b) / 2) ** 2
  const h =
    half(latitude, circle.latitude) +
    Math.cos(rad(latitude)) * Math.cos(rad(circle.latitude)) * half(longitude, circle.longitude)
  return 2 * 6_371_000 * Math.asin(Math.sqrt(h)) <= circle.radius
}

function atPlace({ places, types }: Query, { site }: UseInput, spaces: readonly string[] = []): boolean {
  const here = [
    site.siteId,
    ...spaces,
    ...site.bays.filter(({ bayId, areaId }) => areaId && spaces.includes(bayId)).map(({ areaId }) => areaId ?? ''),
  ]
  return (
    (!places || places.some((id) => here.includes(id))) &&
    (!types || types.includes('place') || (types.includes('space') && spaces.length > 0))
  )
}

function credentialsFit(credentials: readonly ApdsCredential[], { credentialIds, credentialTypes }: Query): boolean {
  if (!credentialIds && !credentialTypes) return true
  return credentials.some(
    ({ type, identifier }) =>
      (!credentialTypes || credentialTypes.includes(type)) &&
      (!credentialIds || credentialIds.includes(plainText(identifier.id))),
  )
}

function sessionFits(session: Session, query: Query, input: UseInput): boolean {
  const start = new Date(session.actualStart)
  const end = session.actualEnd === undefined ? null : new Date(session.actualEnd)
  const spaces = (session.segments ?? []).flatMap(({ spaceId }) => spaceId?.id ?? [])
  return (
    inTime(query, start, end) && atPlace(query, input, spaces) && credentialsFit(session.identifiedCredentials, query)
  )
}

/** Something that has no end yet ends after every instant. */
function inTime(
  { startBefore, startAfter, endBefore, endAfter }: Query,
  start: Date | null,
  end: Date | null,
): boolean {
  return (
    (!startBefore || (start !== null && start < startBefore)) &&
    (!startAfter || (start !== null && start > startAfter)) &&
    (!endBefore || (end !== null && end < endBefore)) &&
    (!endAfter || end === null || end > endAfter)
  )
}

function specOf({ parkerKind }: BookedStay, { site }: UseInput): string {
  return parkerKind === 'transient' ? shortStaySpec(site.siteId) : permitSpec(site.siteId)
}

async function specFits(
  documents: Documents,
  session: Session,
  spec: string | undefined,
  query: Query,
  input: UseInput,
): Promise<boolean> {
  if (!query.rightSpecs && !query.rightTypes) return true
  if (spec) return ofSpec(spec, query, input)
  for (const id of rightIdsOf(session)) {
    const right = await documents.get('AssignedRight', id)
    if (right?.body.rightSpecification && ofSpec(right.body.rightSpecification.id, query, input)) return true
  }
  return false
}

function ofSpec(id: string, { rightSpecs, rightTypes }: Query, { site }: UseInput): boolean {
  const type =
    id === permitSpec(site.siteId)
      ? 'permitParking'
      : id === shortStaySpec(site.siteId)
        ? 'oneTimeUseParking'
        : undefined
  return (!rightSpecs || rightSpecs.includes(id)) && (!rightTypes || (type !== undefined && rightTypes.includes(type)))
}

function rightFits(right: AssignedRight, query: Query, input: UseInput): boolean {
  const [use] = right.plannedUses ?? []
  const ends = use?.endTime ?? use?.expiryTime ?? right.expiry
  return (
    inTime(query, use ? new Date(use.startTime) : null, ends === undefined ? null : new Date(ends)) &&
    atPlace(query, input) &&
    credentialsFit(right.rightHolder?.credentials ?? [], query) &&
    (right.rightSpecification
      ? ofSpec(right.rightSpecification.id, query, input)
      : !query.rightSpecs && !query.rightTypes)
  )
}
