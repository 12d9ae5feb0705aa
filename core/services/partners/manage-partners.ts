// Owns partners as records: who settles with us, in which direction, by which tariff and edition.
// Must not price.
import type { Edition } from '../../domain/tariff-exchange/ocpi-shape.ts'
import { type CsvMapping, type Partner, partners } from '../../store/partners.ts'
import { sites } from '../../store/places.ts'
import { getRecord } from '../../store/record-table.ts'
import { tariffs } from '../../store/tariffs.ts'
import { columns, columnsOf, type Making, manage } from '../manage/manage-record.ts'
import { invalid, type Refusal } from '../manage/outcome.ts'
import { broken, theSite } from '../manage/references.ts'
import { cdrColumns } from './cdr-rows.ts'

export interface PartnerPatch {
  name?: string
  countryCode?: string | null
  partyId?: string | null
  role?: 'principal' | 'agent'
  commissionPercent?: string
  tax?: { code: string; percent: string }
  toleranceMinor?: number
  edition?: Edition
  tariffId?: string | null
  csvMapping?: CsvMapping | null
  address?: string[]
}
export interface PartnerCreate extends PartnerPatch {
  siteId: string
  code: string
  name: string
  direction: 'owes_us' | 'we_owe'
  currency?: string
}

export const ocpiEngine = 'tariff-ocpi'

export const managePartners = manage<Partner, PartnerCreate, PartnerPatch>({
  table: partners,
  idOf: ({ partnerId }) => partnerId,
  siteOf: ({ siteId }) => siteId,
  async create(making, input) {
    const site = await getRecord(making.trx, sites, making.access, input.siteId)
    const given = {
      ...input,
      currency: input.currency ?? site?.currency ?? '',
      role: input.role ?? 'principal',
      tax: input.tax ?? { code: 'none', percent: '0' },
      edition: input.edition ?? '2.2.1',
      address: input.address ?? [],
    }
    return (
      (await broken(making.trx, making.access, [theSite(input.siteId)])) ??
      (await unfit(making, given)) ??
      columns(columnsOf(partners, given))
    )
  },
  async update(making, before, input) {
    return (await unfit(making, { ...before, ...input })) ?? columns(columnsOf(partners, input))
  },
})

async function unfit(
  { trx, access }: Making,
  partner: { tariffId?: string | null; currency: string; csvMapping?: CsvMapping | null },
): Promise<Refusal | undefined> {
  const unknown = Object.keys(partner.csvMapping?.columns ?? {}).find((name) => !(name in cdrColumns))
  if (unknown !== undefined) return invalid(`/csvMapping/columns/${unknown}`, 'is no field of a record')
  return broken(trx, access, [
    {
      pointer: '/tariffId',
      table: tariffs,
      id: partner.tariffId,
      fits: (tariff) =>
        tariff.engine !== ocpiEngine
          ? 'has to be an OCPI tariff: records are priced as OCPI has it'
          : tariff.currency === partner.currency
            ? null
            : `is in ${tariff.currency}`,
    },
  ])
}
