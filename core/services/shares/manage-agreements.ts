// Owns agreements about shares and energy rates as records. What was posted under one stays; another takes over from a day on.
// Must not post.
import { type ShareRule, wrongRules } from '../../domain/share/share-of-day.ts'
import { type ListQuery, listRecords } from '../../store/record-table.ts'
import {
  type EnergyRate,
  energyCosts,
  energyRates,
  lastShared,
  type RevenueAgreement,
  revenueAgreements,
} from '../../store/revenue-shares.ts'
import { columns, columnsOf, manage } from '../manage/manage-record.ts'
import { type Access, invalid } from '../manage/outcome.ts'
import { broken, theSite } from '../manage/references.ts'
import type { ServiceDeps } from '../service-deps.ts'

export interface AgreementCreate {
  siteId: string
  party: 'owner' | 'partner'
  name: string
  address?: string[]
  validFrom: string
  validTo?: string | null
  shares: ShareRule[]
}
export type AgreementPatch = Partial<Pick<AgreementCreate, 'name' | 'address' | 'validTo'>>

export const manageAgreements = manage<RevenueAgreement, AgreementCreate, AgreementPatch>({
  table: revenueAgreements,
  idOf: ({ agreementId }) => agreementId,
  siteOf: ({ siteId }) => siteId,
  async create({ trx, access }, input) {
    const problems = wrongRules(input.shares)
    if (problems.length > 0) return { kind: 'invalid', problems }
    if (input.validTo != null && input.validTo < input.validFrom) return invalid('/validTo', 'lies before validFrom')
    return (
      (await broken(trx, access, [theSite(input.siteId)])) ??
      columns(columnsOf(revenueAgreements, { ...input, address: input.address ?? [] }))
    )
  },
  async update({ trx, access }, before, input) {
    const { validTo } = input
    if (validTo != null) {
      const shared = await lastShared(trx, access.organizationId, before.agreementId)
      const earliest = shared ?? before.validFrom
      if (validTo < earliest) return invalid('/validTo', `must not be before ${earliest}`)
    }
    return columns(columnsOf(revenueAgreements, input))
  },
})

export interface RateCreate {
  siteId: string
  name: string
  validFrom: string
  pricePerKwh: string
}

export const manageEnergyRates = manage<EnergyRate, RateCreate, Partial<Pick<EnergyRate, 'name'>>>({
  table: energyRates,
  idOf: ({ rateId }) => rateId,
  siteOf: ({ siteId }) => siteId,
  async create({ trx, access }, input) {
    return (await broken(trx, access, [theSite(input.siteId)])) ?? columns(columnsOf(energyRates, input))
  },
  async update(_making, _before, input) {
    return columns(columnsOf(energyRates, input))
  },
})

export function listEnergyCosts({ db }: Pick<ServiceDeps, 'db'>) {
  return (access: Access, query: ListQuery) => listRecords(db, energyCosts, access, query)
}
