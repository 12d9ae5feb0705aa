// Owns learning from links that stand for sure what each camera of a site mixes up, as a new version when it makes a difference.
// Must not change a version, nor what was decided under one: open questions alone are put again.
import { contentText } from '../../domain/content-text.ts'
import {
  type ConfirmedRead,
  confirmedReads,
  countReads,
  type Evidence,
  isConfirmed,
  learnedCosts,
  type ReaderCounts,
} from '../../domain/link/index.ts'
import { sitesWithSettings } from '../../store/identity-changes.ts'
import { type LinkScope, lockSiteLinks } from '../../store/links.ts'
import {
  currentPlateModel,
  lastTaught,
  standingLinks,
  type TeachingLink,
  writePlateModel,
} from '../../store/plate-models.ts'
import { transaction } from '../../store/transaction.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { askAll } from './ask-again.ts'
import { isHub } from './decide-neighbourhood.ts'
import { loadViews } from './load-views.ts'

const dayMs = 86_400_000
/** Cameras are cleaned, moved and replaced; what they did half a year ago says little. */
const memoryDays = 180
const mostLinks = 5_000
/** Views loaded at once. */
const batch = 200

/** Looks at every site that was not looked at for a day. Returns how many new versions were made. */
export function learnConfusions(deps: ServiceDeps): (of: { organizationId: string }) => Promise<number> {
  return async ({ organizationId }) => {
    let made = 0
    for (const { siteId } of await sitesWithSettings(deps.db, organizationId)) {
      const scope = { organizationId, siteId }
      const last = await lastTaught(deps.db, scope)
      if (last !== null && deps.clock.now().getTime() - last.getTime() < dayMs) continue
      made += Number(await learnSite(deps, scope))
    }
    return made
  }
}

async function learnSite(deps: ServiceDeps, scope: LinkScope): Promise<boolean> {
  const now = deps.clock.now()
  const since = new Date(now.getTime() - memoryDays * dayMs)
  const teaching = (await standingLinks(deps.db, scope, since, mostLinks)).filter(teaches)
  const reads: ConfirmedRead[] = []
  for (let i = 0; i < teaching.length; i += batch)
    reads.push(...(await readsOf(deps, scope, teaching.slice(i, i + batch))))
  const readers = countReads(reads)
  return transaction(deps.db, async (trx) => {
    await lockSiteLinks(trx, scope)
    const before = await currentPlateModel(trx, scope)
    const changed = contentText(costsOf(readers)) !== contentText(costsOf(before.readers))
    const model = changed ? { version: before.version + 1, readers } : before
    await writePlateModel(trx, scope, model, { links: teaching.length, at: now })
    if (changed) await askAll(trx, scope)
    return changed
  })
}

function teaches({ decidedBy, evidence }: TeachingLink): boolean {
  return isConfirmed(isHub({ decided_by: decidedBy }) ? 'hub' : 'person', evidence as readonly Evidence[])
}

async function readsOf(
  { db }: ServiceDeps,
  scope: LinkScope,
  links: readonly TeachingLink[],
): Promise<ConfirmedRead[]> {
  const ids = (of: (link: TeachingLink) => string) => [...new Set(links.map(of))]
  const views = await loadViews(
    db,
    scope,
    ids(({ stayId }) => stayId),
    ids(({ sessionId }) => sessionId),
  )
  const stays = new Map(views.stays.map((stay) => [stay.id, stay]))
  const sessions = new Map(views.sessions.map((session) => [session.id, session]))
  return links.flatMap(({ stayId, sessionId }) => {
    const [stay, session] = [stays.get(stayId), sessions.get(sessionId)]
    return stay && session ? confirmedReads(stay, session) : []
  })
}

/** Only costs decide; counts that grow without moving one are no news. */
function costsOf(readers: Readonly<Record<string, ReaderCounts>>): Record<string, Record<string, number>> {
  return Object.fromEntries(
    Object.entries(readers).flatMap(([reader, counts]) => {
      const costs = learnedCosts(counts)
      return Object.keys(costs).length > 0 ? [[reader, costs]] : []
    }),
  )
}
