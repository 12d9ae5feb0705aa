// Owns which tariff version applies: the most specific assignment in force, as the plan was known at a given moment.
// Must not look at anything that was decided later: a bill that is corrected next year is priced by the plan of its day.
import type { ParkerKind } from '../parking-fact.ts'
import type { PriceInput } from '../price.ts'

export interface PlanAssignment {
  assignmentId: string
  tariffId: string
  scope: PriceInput['scope']
  groupId: string | null
  areaId: string | null
  parkerKind: ParkerKind | null
  priority: number
  validFrom: Date | null
  validUntil: Date | null
  createdAt: Date
  /** Of the tariff. */
  archivedAt: Date | null
}

export interface PlanVersion {
  tariffId: string
  version: number
  validFrom: Date
  createdAt: Date
}

export interface TariffPlan {
  assignments: readonly PlanAssignment[]
  versions: readonly PlanVersion[]
}

export interface TariffQuestion {
  scope: PriceInput['scope']
  /** Entry of the stay or start of the session. */
  at: Date
  /** What was entered into the plan after this is not seen. */
  asOf: Date
  groupIds: readonly string[]
  areaId: string | null
  parkerKind: ParkerKind
}

export interface ChosenTariff {
  tariffId: string
  version: number
}

export function chooseTariff(plan: TariffPlan, ask: TariffQuestion): ChosenTariff | null {
  const fitting = plan.assignments.filter((each) => applies(each, ask)).sort(byWeight)
  for (const { tariffId } of fitting) {
    const version = versionAt(plan.versions, tariffId, ask)
    if (version !== null) return { tariffId, version }
  }
  return null
}

function applies(each: PlanAssignment, ask: TariffQuestion): boolean {
  return (
    each.scope === ask.scope &&
    each.createdAt <= ask.asOf &&
    (each.validFrom === null || each.validFrom <= ask.at) &&
    (each.validUntil === null || ask.at < each.validUntil) &&
    (each.archivedAt === null || ask.at < each.archivedAt) &&
    (each.groupId === null || ask.groupIds.includes(each.groupId)) &&
    (each.areaId === null || each.areaId === ask.areaId) &&
    (each.parkerKind === null || each.parkerKind === ask.parkerKind)
  )
}

/** How closely it is aimed first (group, area, kind of parker), then priority, then the newer one. */
function byWeight(a: PlanAssignment, b: PlanAssignment): number {
  return (
    aim(b) - aim(a) ||
    b.priority - a.priority ||
    b.createdAt.getTime() - a.createdAt.getTime() ||
    (a.assignmentId < b.assignmentId ? 1 : -1)
  )
}

function aim(each: PlanAssignment): number {
  return (each.groupId === null ? 0 : 4) + (each.areaId === null ? 0 : 2) + (each.parkerKind === null ? 0 : 1)
}

/** A first version that held at once also holds for what began before there was any tariff. */
function effectiveFrom(version: PlanVersion): number {
  return version.version === 1 && version.validFrom <= version.createdAt
    ? Number.NEGATIVE_INFINITY
    : version.validFrom.getTime()
}

function versionAt(versions: readonly PlanVersion[], tariffId: string, ask: TariffQuestion): number | null {
  const known = versions
    .filter((each) => each.tariffId === tariffId && each.createdAt <= ask.asOf)
    .filter((each) => effectiveFrom(each) <= ask.at.getTime())
    .sort((a, b) => effectiveFrom(b) - effectiveFrom(a) || b.version - a.version)
  return known[0]?.version ?? null
}
