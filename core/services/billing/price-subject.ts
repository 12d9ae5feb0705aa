// Owns the price of everything that belongs to one subject: which tariff applies to each part, frozen, and what its engine says.
// Must not round, and must not write.
import {
  type BasisUnit,
  type BillBasis,
  type BillingSettings,
  billablePrice,
  chooseTariff,
  emptyBasis,
  type LineOrigin,
  type PricedGroup,
  type SessionFacts,
  type StayFacts,
  type SubjectFacts,
  type TariffChoice,
  type TariffPlan,
  vendorPriceLine,
  vendorPriceOf,
} from '../../domain/bill/index.ts'
import { Decimal } from '../../domain/money.ts'
import type { ParkerKind } from '../../domain/parking-fact.ts'
import type { PricedSession, PricedStay, PriceInput, PriceNeed, SessionPeriod } from '../../domain/price.ts'
import { readUsage } from '../../store/account-usage.ts'
import { type BillingSite, readGroups } from '../../store/billing-facts.ts'
import type { Db } from '../../store/record-table.ts'
import { readRules, readTariffPlan, type TariffWithRules } from '../../store/tariffs.ts'
import type { BillingDeps } from './billing-deps.ts'

export interface PricedSubject {
  kind: 'priced'
  groups: PricedGroup[]
  basis: BillBasis
  tariffs: { tariffId: string; code: string; name: string; version: number; words: readonly string[] }[]
  /** What the facts do not allow to be priced, in words; the rest is billed without it. */
  missing: string | null
}

export type SubjectPrice = PricedSubject | { kind: 'blocked'; reason: string }

export interface PricingSource {
  organizationId: string
  site: BillingSite
  facts: SubjectFacts
  wanted: { parking: boolean; sessionIds: readonly string[] }
  /** What parts of this subject were priced by before, the latest bill first. */
  earlier: readonly BillBasis[]
  settings: Pick<BillingSettings, 'parkingPrice' | 'parkingTax'>
  now: Date
  /** Where the caller has it already. */
  plan?: TariffPlan
}

/** One part of the subject: the stay, or a session. */
interface Unit {
  scope: PriceInput['scope']
  name: string
  at: Date
  accountId: string | null
  parkerKind: ParkerKind
  areaId: string | null
  fixed: { tariffId: string; version: number | null } | null
  before: TariffChoice | null
  stay: PricedStay | null
  session: PricedSession | null
  origin: Pick<LineOrigin, 'scope' | 'stayId' | 'sessionId'>
}

export async function priceSubject(
  deps: Pick<BillingDeps, 'engine'>,
  db: Db,
  source: PricingSource,
): Promise<SubjectPrice> {
  const { organizationId, site, facts, earlier, settings } = source
  const byVendor = source.wanted.parking && settings.parkingPrice === 'parcs'
  const wanted = byVendor ? { ...source.wanted, parking: false } : source.wanted
  const zone = earlier[0]?.zone ?? site.zone
  const currency = earlier[0]?.currency ?? site.currency
  const units = unitsOf(facts, wanted, earlier)
  const plan = units.length === 0 ? null : (source.plan ?? (await readTariffPlan(db, organizationId, site.siteId)))
  const priced: PricedSubject = {
    kind: 'priced',
    groups: [],
    basis: emptyBasis(zone, currency),
    tariffs: [],
    missing: null,
  }
  const missing: string[] = []
  if (byVendor && facts.stay !== null) {
    const lacking = takeVendorPrice(priced, facts.stay, source)
    if (lacking !== null) missing.push(lacking)
  }
  for (const unit of units) {
    const chosen = plan === null ? null : await choose(db, source, plan, unit)
    if (chosen === null) return { kind: 'blocked', reason: `No tariff applies to ${unit.name}.` }
    const { choice, tariff } = chosen
    const engine = deps.engine(tariff.engine)
    if (engine === null) return { kind: 'blocked', reason: `The tariff engine ${tariff.engine} is not running.` }
    const input: BasisUnit['input'] = {
      scope: unit.scope,
      currency,
      zone,
      groups: choice.groups.map((group) => group.code),
      stay: unit.stay,
      session: unit.session,
      ...(unit.scope === 'charging' ? { parkerKind: choice.parkerKind } : {}),
      ...(await neededBy(engine.needs?.(tariff.rules) ?? [], db, source, unit, { zone, currency })),
    }
    const result = engine.quote({ ...input, rules: tariff.rules })
    if (result.kind === 'unpriceable') {
      missing.push(`${capitalised(unit.name)} could not be priced: ${result.reason}`)
      continue
    }
    const lines = unit.session !== null && isNothing(unit.session, result.lines) ? [] : result.lines
    const origin = { ...unit.origin, tariffId: tariff.tariffId, tariffVersion: tariff.version, addedBy: null }
    priced.groups.push({ origin, lines })
    if (!priced.tariffs.some((each) => each.tariffId === tariff.tariffId && each.version === tariff.version)) {
      const { tariffId, code, name, version } = tariff
      priced.tariffs.push({ tariffId, code, name, version, words: engine.describe(tariff.rules, { currency, zone }) })
    }
    const done = { tariff: choice, input }
    priced.basis =
      unit.session === null
        ? { ...priced.basis, parking: done }
        : { ...priced.basis, sessions: { ...priced.basis.sessions, [unit.session.sessionId]: done } }
  }
  return { ...priced, missing: missing.length === 0 ? null : missing.join(' ') }
}

/** What only some rules look at. What an account used before is not asked again once a bill says it. */
async function neededBy(
  needs: readonly PriceNeed[],
  db: Db,
  { organizationId, facts, earlier }: PricingSource,
  { stay, session, accountId }: Unit,
  { zone, currency }: Pick<BillBasis, 'zone' | 'currency'>,
): Promise<Pick<PriceInput, 'sessions' | 'used'>> {
  if (stay !== null) {
    if (!needs.includes('sessions')) return {}
    return { sessions: facts.sessions.map((each) => pricedSession(each, facts.stay)) }
  }
  if (session === null || accountId === null || !needs.includes('used')) return {}
  const { sessionId } = session
  const billed = earlier
    .map((basis) => basis.sessions[sessionId])
    .find((unit) => unit?.tariff.accountId === accountId && unit.input.used !== undefined)
  if (billed?.input.used !== undefined) return { used: billed.input.used }
  const before = new Date(session.startedAt)
  return { used: await readUsage(db, { organizationId, accountId, sessionId, before, zone, currency }) }
}

/** Adds the parking as its vendor priced it; else says what is lacking. */
function takeVendorPrice(
  priced: PricedSubject,
  stay: StayFacts,
  { earlier, settings }: Pick<PricingSource, 'earlier' | 'settings'>,
): string | null {
  const { currency } = priced.basis
  const price = billablePrice(stay, currency)
  if (price === null) {
    if (stay.price?.final) return `The parking system priced the stay in ${stay.price.currency}, not in ${currency}.`
    if (stay.price === null && stay.parkerKind === 'contract') return null
    return 'The parking system has not told its final price of the stay.'
  }
  const before = earlier.find((basis) => basis.vendorParking !== undefined)?.vendorParking
  const tax = before === undefined ? settings.parkingTax : { code: before.taxCode, percent: before.taxRate }
  const vendor = vendorPriceOf(price, tax)
  const origin = {
    scope: 'parking',
    stayId: stay.stayId,
    sessionId: null,
    tariffId: null,
    tariffVersion: null,
    addedBy: null,
  }
  priced.groups.push({ origin, lines: [vendorPriceLine(vendor)] })
  priced.basis = { ...priced.basis, vendorParking: vendor }
  return null
}

/** A plug-in that took no energy and costs nothing leaves no trace on a bill. */
function isNothing(session: PricedSession, lines: PricedGroup['lines']): boolean {
  return session.energyWh === 0 && lines.every((line) => new Decimal(line.gross ?? line.net).isZero())
}

function unitsOf(facts: SubjectFacts, wanted: PricingSource['wanted'], earlier: readonly BillBasis[]): Unit[] {
  const { stay } = facts
  const units: Unit[] = []
  if (stay !== null && wanted.parking)
    units.push(stayUnit(stay, earlier.find((basis) => basis.parking !== null)?.parking?.tariff ?? null))
  for (const session of facts.sessions) {
    if (!wanted.sessionIds.includes(session.sessionId)) continue
    const before = earlier.find((basis) => basis.sessions[session.sessionId] !== undefined)
    units.push(sessionUnit(session, stay, before?.sessions[session.sessionId]?.tariff ?? null))
  }
  return units
}

function stayUnit(stay: StayFacts, before: TariffChoice | null): Unit {
  return {
    scope: 'parking',
    name: 'the stay',
    at: stay.enteredAt ?? stay.exitedAt ?? stay.factsAt,
    accountId: stay.accountId,
    parkerKind: stay.parkerKind,
    areaId: null,
    fixed: null,
    before,
    stay: {
      stayId: stay.stayId,
      enteredAt: stay.enteredAt?.toISOString() ?? null,
      exitedAt: stay.exitedAt?.toISOString() ?? null,
      parkerKind: stay.parkerKind,
      discounts: stay.discounts,
      lostTicket: stay.flags.includes('lost_ticket'),
      ...(stay.paidAt == null ? {} : { paidAt: stay.paidAt.toISOString() }),
    },
    session: null,
    origin: { scope: 'parking', stayId: stay.stayId, sessionId: null },
  }
}

function sessionUnit(session: SessionFacts, stay: StayFacts | null, before: TariffChoice | null): Unit {
  const { tariffId } = session
  return {
    scope: 'charging',
    name: 'the charging session',
    at: session.startedAt,
    accountId: session.accountId,
    // The session's own holder, not the stay's parker: its price must not depend on what it is linked to.
    parkerKind: session.accountKind ?? 'transient',
    areaId: session.areaId,
    fixed: tariffId !== null && (before === null || before.fixed) ? { tariffId, version: session.tariffVersion } : null,
    before,
    stay: null,
    session: pricedSession(session, stay),
    origin: { scope: `charging:${session.sessionId}`, stayId: stay?.stayId ?? null, sessionId: session.sessionId },
  }
}

function pricedSession(session: SessionFacts, stay: StayFacts | null): PricedSession {
  const endedAt = session.endedAt ?? session.unpluggedAt ?? session.startedAt
  const unpluggedAt = session.unpluggedAt ?? endedAt
  // A car that has passed the gate is not plugged in any more, whenever the charger came to notice.
  const gone = stay?.exitedAt ?? null
  const until = gone !== null && gone < unpluggedAt ? (gone < endedAt ? endedAt : gone) : unpluggedAt
  return {
    sessionId: session.sessionId,
    pluggedAt: session.pluggedAt.toISOString(),
    unpluggedAt: until.toISOString(),
    startedAt: session.startedAt.toISOString(),
    endedAt: endedAt.toISOString(),
    energyWh: session.energyWh,
    periods: session.periods.flatMap((period) => cutOff(period, until)),
    flags: session.flags,
    ...(session.evseKind === null ? {} : { evseKind: session.evseKind }),
    ...(session.reservedFrom === null || session.reservedFrom >= session.startedAt
      ? {}
      : {
          reservation: {
            from: session.reservedFrom.toISOString(),
            to: session.startedAt.toISOString(),
            outcome: 'used' as const,
          },
        }),
  }
}

function cutOff(period: SessionPeriod, until: Date): SessionPeriod[] {
  if (period.energyWh > 0 || new Date(period.to) <= until) return [period]
  return new Date(period.from) >= until ? [] : [{ ...period, to: until.toISOString() }]
}

/**
 * The tariff of one part. Once billed, the plan is read as it was known then, with the groups of that day: only facts change
 * a price afterwards, in whatever order they come.
 */
async function choose(
  db: Db,
  { organizationId, now }: PricingSource,
  plan: TariffPlan,
  unit: Unit,
): Promise<{ choice: TariffChoice; tariff: TariffWithRules } | null> {
  const same = unit.before !== null && unit.before.accountId === unit.accountId ? unit.before : null
  const groups = same?.groups ?? (unit.accountId === null ? [] : await readGroups(db, organizationId, unit.accountId))
  const parkerKind = unit.scope === 'charging' && same !== null ? same.parkerKind : unit.parkerKind
  const chosenAt = unit.before === null ? now : new Date(unit.before.chosenAt)
  const question = { scope: unit.scope, at: unit.at, asOf: chosenAt, areaId: unit.areaId, parkerKind }
  const planned = chooseTariff(plan, { ...question, groupIds: groups.map((group) => group.groupId) })
  const picked = unit.fixed === null ? planned : { tariffId: unit.fixed.tariffId, version: unit.fixed.version ?? 1 }
  if (picked === null) return null
  const tariff = await readRules(db, organizationId, picked.tariffId, picked.version)
  if (tariff === undefined || tariff.scope !== unit.scope) return null
  const choice: TariffChoice = {
    tariffId: tariff.tariffId,
    version: tariff.version,
    engine: tariff.engine,
    chosenAt: chosenAt.toISOString(),
    fixed: unit.fixed !== null,
    accountId: unit.accountId,
    groups,
    parkerKind,
  }
  return { choice, tariff }
}

function capitalised(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}
