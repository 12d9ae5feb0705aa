// Owns the answer to "may this credential park or charge here?", for gates and chargers from the same rules.
// Must not remember anything between questions, and must not know protocols.

import type { Authorization, IdToken } from '../../domain/charger-fact.ts'
import { type CardProfiles, kindOfTokenType, noProfiles, type Presentation } from '../../domain/credential/index.ts'
import type { ReportedCredential } from '../../domain/parking-fact.ts'
import { decodedCredential, presentationOf } from '../../domain/stay/index.ts'
import { batchRead } from '../../store/batch-read.ts'
import { type Enrolled, findEnrolled, type Lookup } from '../../store/credentials.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { identifyCredential, lookupKeys } from './identify-credential.ts'
import { anonymousCharging, judgeAccess } from './judge-access.ts'

export type AccessQuestion = {
  organizationId: string
  siteId: string | null
  at: Date
} & (
  | { place: 'gate'; connectionId?: string; credentials: readonly ReportedCredential[] }
  | { place: 'charger'; token: IdToken; stationId?: string }
)

/** The `authorise` interception: a plugin may refuse, never grant. The caller gives it its deadline. */
export type AuthoriseIntercept = (ask: {
  place: 'gate' | 'charger'
  siteId: string | null
  credential: ReportedCredential
  accountId: string | null
}) => Promise<{ kind: 'pass' } | { kind: 'deny'; reason: string }>

export interface AuthoriseDeps extends Pick<ServiceDeps, 'db'> {
  intercept?: AuthoriseIntercept
  /** How readers and chargers write cards; without it every text is taken by its looks. */
  profiles?(organizationId: string): Promise<CardProfiles>
}

/** An authorization with what a gate also looks at. */
export interface Weighed {
  authorization: Authorization
  /** The credential that decided; null when there was none. */
  credential: ReportedCredential | null
  accountSettings: Record<string, unknown>
  /** When the account's open stays at the site began; gates only. */
  openSince: readonly (Date | null)[]
  siteSettings: Record<string, unknown>
}

interface FoundByKey {
  byKey: ReadonlyMap<string, readonly Enrolled[]>
  settings: ReadonlyMap<string, Record<string, unknown>>
}

/**
 * Weighs questions with one query for all that are asked in one turn of the event loop, whatever their number: a charger asks
 * at every transaction start.
 */
export function weighAccess(deps: AuthoriseDeps): (question: AccessQuestion) => Promise<Weighed> {
  const look = batchRead<string, FoundByKey>({ load: (lookups) => findAll(deps, lookups) })
  return async (question) => {
    const { organizationId, siteId, place } = question
    const presented = presentedIn(question, await deps.profiles?.(organizationId))
    const keys = presented.map(({ presentation }) => lookupKeys(presentation))
    const lookup: Lookup = {
      organizationId,
      searchKeys: [...new Set(keys.flat())],
      siteIds: siteId === null ? [] : [siteId],
      ...(place === 'gate' && siteId !== null ? { openStaysAt: siteId } : {}),
    }
    const found = await look(JSON.stringify(lookup))
    const siteSettings = found?.settings.get(siteId ?? '') ?? {}
    const judged = presented.map(({ reported, presentation }, index) => {
      const rows = (keys[index] ?? []).flatMap((key) => found?.byKey.get(key) ?? [])
      const identified = identifyCredential(presentation, rows, question.at)
      const account = identified.kind === 'one' ? identified.row.account : null
      return { reported, account, authorization: judgeAccess(identified, question) }
    })
    const best = decisive(judged)
    const weighed: Weighed = {
      authorization: best?.authorization ?? { status: 'unknown', reason: 'No credential was presented.' },
      credential: best?.reported ?? null,
      accountSettings: best?.account?.settings ?? {},
      openSince: best?.account?.openSince ?? [],
      siteSettings,
    }
    const anonymous = place === 'charger' && weighed.authorization.status === 'unknown'
    if (anonymous && anonymousCharging(siteSettings) === 'accept') {
      weighed.authorization = {
        status: 'accepted',
        reason: `${weighed.authorization.reason} This site lets everyone charge.`,
      }
    }
    return intercepted(deps.intercept, question, weighed)
  }
}

/**
 * @example
 * const may = authorise({ db })
 * await may({ organizationId, siteId, place: 'charger', token: { value: '04A3C6CA', kind: 'iso14443' }, at: clock.now() })
 */
export function authorise(deps: AuthoriseDeps): (question: AccessQuestion) => Promise<Authorization> {
  const weigh = weighAccess(deps)
  return async (question) => (await weigh(question)).authorization
}

interface Presented {
  reported: ReportedCredential
  presentation: Presentation
}

function presentedIn(question: AccessQuestion, profiles: CardProfiles = noProfiles): Presented[] {
  if (question.place === 'gate') {
    const at = { siteId: question.siteId, connectionId: question.connectionId ?? null }
    return question.credentials.map((reported) => ({
      reported,
      presentation: presentationOf(decodedCredential(reported, profiles, at)),
    }))
  }
  const { value, kind } = question.token
  if (kind === 'none' || value === '') return []
  const known = kindOfTokenType(kind)
  const presentation: Presentation = { raw: value, kind: known, readerProfile: profiles.ofStation(question.stationId) }
  return [{ reported: { kind: known === 'emaid' ? 'emaid' : known === 'card' ? 'card' : 'app', value }, presentation }]
}

interface Judged {
  reported: ReportedCredential
  authorization: Authorization
}

/** A thing held in the hand before a plate, a yes before a no, a reasoned no before "never heard of". */
function decisive<T extends Judged>(judged: readonly T[]): T | undefined {
  const rank = ({ reported, authorization: { status } }: T) =>
    (status === 'accepted' ? 0 : status === 'unknown' ? 4 : 2) + (reported.kind === 'plate' ? 1 : 0)
  return judged.toSorted((a, b) => rank(a) - rank(b))[0]
}

async function intercepted(
  intercept: AuthoriseIntercept | undefined,
  { place, siteId }: AccessQuestion,
  weighed: Weighed,
): Promise<Weighed> {
  const { authorization, credential } = weighed
  if (!intercept || !credential || authorization.status !== 'accepted') return weighed
  const answer = await intercept({ place, siteId, credential, accountId: authorization.accountId ?? null })
  if (answer.kind === 'pass') return weighed
  const { accountId, credentialId, vehicleId } = authorization
  return {
    ...weighed,
    authorization: {
      status: 'not_allowed_here',
      reason: answer.reason,
      ...(accountId ? { accountId } : {}),
      ...(credentialId ? { credentialId } : {}),
      ...(vehicleId ? { vehicleId } : {}),
    },
  }
}

/** One query per organization and gate site; each question then picks its own rows by key. */
async function findAll(deps: AuthoriseDeps, texts: readonly string[]): Promise<Map<string, FoundByKey>> {
  const groups = new Map<string, { lookups: Lookup[]; texts: string[] }>()
  for (const text of texts) {
    const lookup = JSON.parse(text) as Lookup
    const name = `${lookup.organizationId}/${lookup.openStaysAt ?? ''}`
    const group = groups.get(name) ?? { lookups: [], texts: [] }
    group.lookups.push(lookup)
    group.texts.push(text)
    groups.set(name, group)
  }
  const answers = new Map<string, FoundByKey>()
  for (const { lookups, texts: asked } of groups.values()) {
    const [first] = lookups
    if (!first) continue
    const { enrolled, settings } = await findEnrolled(deps.db, {
      ...first,
      searchKeys: [...new Set(lookups.flatMap(({ searchKeys }) => searchKeys))],
      siteIds: [...new Set(lookups.flatMap(({ siteIds }) => siteIds))],
    })
    const byKey = new Map<string, Enrolled[]>()
    for (const row of enrolled) {
      const rows = byKey.get(row.searchKey)
      if (rows) rows.push(row)
      else byKey.set(row.searchKey, [row])
    }
    for (const text of asked) answers.set(text, { byKey, settings })
  }
  return answers
}
