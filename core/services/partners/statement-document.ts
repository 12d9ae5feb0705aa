// Owns what a statement says on paper.
// Must not know how it looks; whoever prints it does.
import { documentLocale } from '../../domain/document/document-locale.ts'
import type { PrintedDocument } from '../../domain/document/printed-document.ts'
import { Decimal, majorText, minor } from '../../domain/money.ts'
import { partners } from '../../store/partners.ts'
import { organizations, sites } from '../../store/places.ts'
import { getRecord } from '../../store/record-table.ts'
import { revenueAgreements } from '../../store/revenue-shares.ts'
import { statements } from '../../store/settlement-statements.ts'
import { type Access, notFound, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'

export function statementDocument({ db }: Pick<ServiceDeps, 'db'>) {
  return async (access: Access, statementId: string): Promise<Outcome<PrintedDocument>> => {
    const statement = await getRecord(db, statements, access, statementId)
    if (statement === undefined) return notFound
    const everywhere = { organizationId: access.organizationId, siteIds: null }
    const site = await getRecord(db, sites, everywhere, statement.siteId)
    const organization = await getRecord(db, organizations, everywhere, access.organizationId)
    const party =
      statement.partyKind === 'partner'
        ? await getRecord(db, partners, everywhere, statement.partyId)
        : await getRecord(db, revenueAgreements, everywhere, statement.partyId)
    const { locale: given } = site?.settings ?? {}
    const locale = documentLocale([], typeof given === 'string' ? given : 'en')
    const { currency } = statement
    const money = (amount: number) =>
      new Intl.NumberFormat(locale, { style: 'currency', currency }).format(
        majorText(minor(amount), currency) as unknown as number,
      )
    const kwh = (energyWh: number) => new Intl.NumberFormat(locale).format(new Decimal(energyWh).div(1000).toNumber())
    return ok({
      locale,
      title: 'Settlement statement',
      number: statement.number ?? 'Draft',
      seller: { name: organization?.name ?? '', lines: site?.address == null ? [] : [site.address] },
      buyer: { name: party?.name ?? '', lines: party?.address ?? [] },
      facts: [
        ['Month', statement.month],
        ['Site', site?.name ?? ''],
        ['Currency', currency],
        ['State', statement.state],
      ],
      tables: [
        {
          columns: [
            { title: 'Date', align: 'start' },
            { title: 'For', align: 'start' },
            { title: 'kWh', align: 'end' },
            { title: 'Net', align: 'end' },
            { title: 'Tax', align: 'end' },
            { title: 'Total', align: 'end' },
          ],
          rows: statement.lines.map(({ kind, date, text, energyWh, netMinor, taxMinor, totalMinor, words }) => ({
            cells: [
              ...[date, kind === 'correction' ? `Correction of ${text}` : text, kwh(energyWh)],
              ...[money(netMinor), money(taxMinor), money(totalMinor)],
            ],
            ...(words === '' ? {} : { notes: [words] }),
          })),
        },
      ],
      totals: [
        ['Net', money(statement.netMinor)],
        ['Tax', money(statement.taxMinor)],
        ['Total', money(statement.totalMinor)],
      ],
      notes: [],
    })
  }
}
