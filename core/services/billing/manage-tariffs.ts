// Owns the rules of tariffs as records: made with their first version, renamed, archived, shown with what holds now.
// Must not change a version; another is published instead.
import type { Page } from '../../store/keyset.ts'
import { sites } from '../../store/places.ts'
import { type Db, getRecord, type ListQuery } from '../../store/record-table.ts'
import { type Tariff, tariffs, versionsAt } from '../../store/tariffs.ts'
import { columns, columnsOf, manage } from '../manage/manage-record.ts'
import { type Access, invalid, type Outcome, ok } from '../manage/outcome.ts'
import { beyondReach, broken, theSite } from '../manage/references.ts'
import type { BillingDeps } from './billing-deps.ts'
import { addVersion } from './publish-tariff.ts'
import { brokenRules, describedVersion, type TariffVersionView } from './tariff-rules.ts'

export interface TariffCreate {
  code: string
  name?: string
  siteId?: string | null
  scope: 'parking' | 'charging'
  /** Id of the plugin with the engine; `tariff-standard` when left out. */
  engine?: string
  currency: string
  rules: unknown
  validFrom?: string | Date
}

export type TariffPatch = Partial<Pick<Tariff, 'code' | 'name'>>

export interface TariffView extends Tariff {
  /** The version that holds now. */
  current: TariffVersionView | null
}

export interface ManagedTariffs {
  list(access: Access, query: ListQuery): Promise<Page<TariffView>>
  get(access: Access, id: string): Promise<Outcome<TariffView>>
  create(access: Access, input: TariffCreate): Promise<Outcome<TariffView>>
  update(
    access: Access,
    id: string,
    input: TariffPatch & { archived?: boolean },
    version?: number,
  ): Promise<Outcome<TariffView>>
  archive(access: Access, id: string, version?: number): Promise<Outcome<TariffView>>
}

export const standardTariffEngine = 'tariff-standard'

export function manageTariffs(deps: BillingDeps): ManagedTariffs {
  const records = manage<Tariff, TariffCreate, TariffPatch>({
    table: tariffs,
    idOf: (tariff) => tariff.tariffId,
    siteOf: (tariff) => tariff.siteId,
    async create({ trx, access }, input) {
      const { siteId = null, engine = standardTariffEngine, scope, currency, rules } = input
      if (siteId === null && access.siteIds !== null) {
        return { kind: 'forbidden', message: 'A key limited to sites has to name the site of a tariff.' }
      }
      const refusal =
        (await broken(trx, access, [theSite(siteId)])) ??
        (await foreignCurrency(trx, access, siteId, currency)) ??
        brokenRules(deps, engine, rules, { scope, currency })
      return refusal ?? columns(columnsOf(tariffs, { ...input, siteId, engine, name: input.name ?? input.code }))
    },
    async update({ access }, before, input) {
      return beyondReach(access, siteList(before)) ?? columns(columnsOf(tariffs, input))
    },
    async changed(making, before, after, input) {
      if (before !== null || input === null) return undefined
      return addVersion(making, after, 1, input as TariffCreate)
    },
  })(deps)

  const view = async (access: Access, list: readonly Tariff[]): Promise<TariffView[]> => {
    const now = deps.clock.now()
    const ids = list.map((tariff) => tariff.tariffId)
    const current = await versionsAt(deps.db, access.organizationId, ids, now)
    return list.map((tariff) => {
      const version = current.get(tariff.tariffId)
      return { ...tariff, current: version === undefined ? null : describedVersion(deps, tariff, version) }
    })
  }
  const viewed = async (access: Access, outcome: Outcome<Tariff>): Promise<Outcome<TariffView>> => {
    if (outcome.kind !== 'ok') return outcome
    const [value] = await view(access, [outcome.value])
    return value === undefined ? { kind: 'not_found' } : ok(value)
  }

  return {
    async list(access, query) {
      const { items, next } = await records.list(access, query)
      return { items: await view(access, items), next }
    },
    get: async (access, id) => viewed(access, await records.get(access, id)),
    create: async (access, input) => viewed(access, await records.create(access, input)),
    update: async (access, id, input, version) => viewed(access, await records.update(access, id, input, version)),
    async archive(access, id, version) {
      const tariff = await records.get(access, id)
      if (tariff.kind !== 'ok') return tariff
      return beyondReach(access, siteList(tariff.value)) ?? viewed(access, await records.archive(access, id, version))
    },
  }
}

function siteList(tariff: Tariff): string[] | null {
  return tariff.siteId === null ? null : [tariff.siteId]
}

async function foreignCurrency(db: Db, access: Access, siteId: string | null, currency: string) {
  if (siteId === null) return undefined
  const site = await getRecord(db, sites, access, siteId)
  return site === undefined || site.currency === currency
    ? undefined
    : invalid('/currency', `The site's currency is ${site.currency}.`)
}
