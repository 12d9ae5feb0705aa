// Owns the operator's question "may this account or credential do that there, and why?", answered by the rules gates go by.
// Must not hold a place, nor ask plugins: nothing happens because somebody wondered.
import { type HeldCredential, judgeAccess } from '../../domain/access/index.ts'
import type { ReportedCredential } from '../../domain/parking-fact.ts'
import { findAccess } from '../../store/access-lookup.ts'
import { accountFacts } from '../../store/credentials.ts'
import { accounts, credentials, presentationsOf } from '../../store/people.ts'
import { getRecord } from '../../store/record-table.ts'
import { stations } from '../../store/stations.ts'
import { type Access, invalid, notFound, type Outcome, ok } from '../manage/outcome.ts'
import { broken, sameSite, theSite } from '../manage/references.ts'
import type { ServiceDeps } from '../service-deps.ts'
import type { AccessQuestion, Weighed } from './access-question.ts'
import { lookupOf, placeOf, weighAccess, withPlace } from './authorise.ts'

export interface AskedAccess {
  siteId: string
  place: 'gate' | 'charger'
  at?: string
  accountId?: string
  credentialId?: string
  presented?: ReportedCredential
  direction?: 'entry' | 'exit' | 'internal'
  lane?: string
  stationId?: string
  evse?: number
}

export interface AccessAnswer {
  allowed: boolean
  status: Weighed['authorization']['status']
  code: string
  reason: string
  accountId: string | null
  credentialId: string | null
  validUntil: Date | null
  trace: Weighed['trace']
}

export function askAccess(deps: Pick<ServiceDeps, 'db' | 'clock'>) {
  const weigh = weighAccess(deps)
  return async (access: Access, asked: AskedAccess): Promise<Outcome<AccessAnswer>> => {
    const { accountId, credentialId, presented } = asked
    if ([accountId, credentialId, presented].filter((one) => one !== undefined).length !== 1)
      return invalid('', 'needs exactly one of accountId, credentialId and presented')
    const station = { pointer: '/stationId', table: stations, id: asked.stationId, fits: sameSite(asked.siteId) }
    const wrong = await broken(deps.db, access, [theSite(asked.siteId), station])
    if (wrong) return wrong
    if (accountId !== undefined) return forAccount(deps, access, asked, accountId)
    const shown = presented ?? (await formOf(deps, access, credentialId ?? ''))
    return shown === null ? notFound : ok(answerOf(await weigh(questionOf(deps, access, asked, [shown]))))
  }
}

function questionOf(
  { clock }: Pick<ServiceDeps, 'clock'>,
  { organizationId }: Access,
  asked: AskedAccess,
  shown: readonly ReportedCredential[],
): AccessQuestion {
  const { siteId, at, direction = 'entry', lane = '', stationId = null, evse } = asked
  const when = at === undefined ? clock.now() : new Date(at)
  const common = {
    organizationId,
    siteId,
    at: when,
    receivedAt: clock.now(),
    places: 'look',
    credentials: shown,
  } as const
  if (asked.place === 'gate') return { ...common, place: 'gate', direction, lane }
  const token = { value: '', kind: 'none' }
  return { ...common, place: 'charger', token, stationId, ...(evse === undefined ? {} : { evse }) }
}

/** In the form it was enrolled in first. */
async function formOf(
  { db }: Pick<ServiceDeps, 'db'>,
  access: Access,
  credentialId: string,
): Promise<ReportedCredential | null> {
  const credential = await getRecord(db, credentials, access, credentialId)
  if (!credential) return null
  const [form] = (await presentationsOf(db, access.organizationId, [credentialId])).get(credentialId) ?? []
  if (!form) return null
  const { kind, value, encoding, bitLength } = form
  return {
    kind: kind as ReportedCredential['kind'],
    value,
    ...(encoding === null ? {} : { encoding }),
    ...(bitLength === null ? {} : { bitLength }),
  }
}

/** As if the account showed a credential that itself limits nothing. */
async function forAccount(
  deps: Pick<ServiceDeps, 'db' | 'clock'>,
  access: Access,
  asked: AskedAccess,
  accountId: string,
): Promise<Outcome<AccessAnswer>> {
  const { db } = deps
  const { organizationId } = access
  if (!(await getRecord(db, accounts, access, accountId))) return notFound
  const account = await accountFacts(db, organizationId, accountId, asked.siteId)
  const question = questionOf(deps, access, asked, [])
  const place = placeOf(question, await findAccess(db, lookupOf(question, [])))
  const credential: HeldCredential = {
    credentialId: '',
    kind: 'credential',
    label: null,
    status: 'active',
    rights: ['park', 'charge'],
    siteIds: null,
    validFrom: null,
    validUntil: null,
    vehicleId: null,
    accountId,
    neutral: false,
    account,
  }
  const { authorization, code, trace, limits } = judgeAccess({ credential, partial: false }, place)
  const { credentialId: _, ...whose } = authorization
  const weighed: Weighed = { authorization: whose, code, trace, credential: null, siteSettings: {}, giveBack: null }
  return ok(answerOf(await withPlace(deps, question, weighed, limits)))
}

function answerOf({ authorization, code, trace }: Weighed): AccessAnswer {
  const { status, reason, accountId = null, credentialId = null, validUntil = null } = authorization
  return { allowed: status === 'accepted', status, code, reason, accountId, credentialId, validUntil, trace }
}
