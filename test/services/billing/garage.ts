// Owns a small garage for billing tests: site, tariffs, and rows of stays, sessions and links as the facts would have left them.
// Must not bill anything itself.
import type { Kysely } from 'kysely'
import type { AppliedDiscount, SessionPeriod, TariffEngine } from '../../../core/plugin/index.ts'
import { systemNewId } from '../../../core/runtime/random.ts'
import type { BillingDeps } from '../../../core/services/billing/billing-deps.ts'
import type { HubTables } from '../../../core/store/schema.ts'
import { type ManualClock, manualClock } from '../../../core/testing/manual-clock.ts'
import { standardEngine } from '../../../plugins/tariff-standard/index.ts'
import { silent } from '../../setup/silent-log.ts'

export const minuteMs = 60_000
export const hourMs = 60 * minuteMs

export const parkingRules = {
  scope: 'parking',
  tax: { code: 'VAT', percent: '19', included: true },
  day: 'rolling',
  dayMaximum: '20.00',
  bands: [{ everyMinutes: 60, price: '2.00' }],
  lostTicket: '20.00',
}
export const chargingRules = {
  scope: 'charging',
  tax: { code: 'VAT', percent: '19', included: true },
  energy: { price: '0.49' },
  idle: { price: '0.10', graceMinutes: 15 },
}

export interface Garage {
  deps: BillingDeps
  clock: ManualClock
  db: Kysely<HubTables>
  organizationId: string
  siteId: string
  stationId: string
  accountId: string
  groupId: string
  parkingTariff: string
  chargingTariff: string
  stay(values: StayValues): Promise<string>
  changeStay(stayId: string, values: StayValues): Promise<void>
  session(values: SessionValues): Promise<string>
  changeSession(sessionId: string, values: SessionValues): Promise<void>
  link(stayId: string, sessionId: string, state?: string): Promise<void>
  tariff(scope: 'parking' | 'charging', rules: object, code?: string): Promise<string>
  assign(tariffId: string, more?: Record<string, unknown>): Promise<string>
  pay(values: {
    stayId?: string | null
    sessionId?: string
    amountMinor: number
    kind?: string
    method?: string
    at?: Date
  }): Promise<string>
}

export interface StayValues {
  state?: 'open' | 'closed' | 'exit_only' | 'voided'
  entry?: string | null
  exit?: string | null
  parkerKind?: 'transient' | 'contract' | 'member' | 'reservation'
  accountId?: string | null
  discounts?: AppliedDiscount[]
  price?: object | null
  flags?: string[]
}

export interface SessionValues {
  state?: 'active' | 'ended' | 'closed' | 'void'
  from?: string
  /** Minutes charging, then minutes idle until the cable came out. */
  charging?: number
  idle?: number
  energyWh?: number
  siteId?: string | null
  accountId?: string | null
  tariff?: { id: string; version: number } | null
}

export async function openGarage(
  db: Kysely<HubTables>,
  options: { settings?: object; zone?: string; engine?: TariffEngine | null; hooks?: BillingDeps['hooks'] } = {},
): Promise<Garage> {
  const clock = manualClock(new Date('2024-06-10T06:00:00Z'))
  const engine = options.engine === undefined ? standardEngine() : options.engine
  const deps: BillingDeps = {
    db,
    clock,
    newId: systemNewId,
    log: silent,
    engine: (name) => (name === 'tariff-standard' ? engine : null),
    ...(options.hooks === undefined ? {} : { hooks: options.hooks }),
  }
  const id = systemNewId
  const [organizationId, siteId, stationId, accountId, groupId, connectionId] = [id(), id(), id(), id(), id(), id()]
  const stamp = () => ({ created_at: clock.now(), updated_at: clock.now() })
  const place = { organization_id: organizationId, site_id: siteId }
  await db
    .insertInto('organization')
    .values({ organization_id: organizationId, name: 'Parkhaus AG', created_at: clock.now() })
    .execute()
  await db
    .insertInto('site')
    .values({
      ...place,
      code: 'P1',
      name: 'Bahnhof',
      time_zone: options.zone ?? 'Europe/Berlin',
      currency: 'EUR',
      country: 'DE',
      address: 'Bahnhofstr. 1, 10115 Berlin',
      settings: JSON.stringify(options.settings ?? {}),
      ...stamp(),
    })
    .execute()
  await db
    .insertInto('station')
    .values({ ...place, station_id: stationId, code: 'CP-1', name: 'Säule 1', max_power_w: 22000, ...stamp() })
    .execute()
  await db
    .insertInto('account')
    .values({
      organization_id: organizationId,
      account_id: accountId,
      number: 'A1',
      name: 'Erika Muster',
      kind: 'person',
      ...stamp(),
    })
    .execute()
  await db
    .insertInto('account_group')
    .values({ organization_id: organizationId, group_id: groupId, code: 'staff', name: 'Staff', ...stamp() })
    .execute()

  const stayRow = (values: StayValues) => ({
    ...(values.state === undefined ? {} : { state: values.state }),
    ...(values.entry === undefined ? {} : { entered_at: values.entry === null ? null : new Date(values.entry) }),
    ...(values.exit === undefined ? {} : { exited_at: values.exit === null ? null : new Date(values.exit) }),
    ...(values.parkerKind === undefined ? {} : { parker_kind: values.parkerKind }),
    ...(values.accountId === undefined ? {} : { account_id: values.accountId }),
    ...(values.discounts === undefined ? {} : { discounts: JSON.stringify(values.discounts) }),
    ...(values.price === undefined ? {} : { price: values.price === null ? null : JSON.stringify(values.price) }),
    ...(values.flags === undefined ? {} : { flags: values.flags }),
    facts_at: clock.now(),
    updated_at: clock.now(),
  })
  const sessionRow = (values: SessionValues) => {
    const from = new Date(values.from ?? '2024-06-10T08:00:00Z')
    const endedAt = new Date(from.getTime() + (values.charging ?? 60) * minuteMs)
    const unpluggedAt = new Date(endedAt.getTime() + (values.idle ?? 0) * minuteMs)
    const state = values.state ?? 'closed'
    const periods: SessionPeriod[] = [
      { from: from.toISOString(), to: endedAt.toISOString(), state: 'charging', energyWh: values.energyWh ?? 10_000 },
    ]
    if (unpluggedAt > endedAt)
      periods.push({ from: endedAt.toISOString(), to: unpluggedAt.toISOString(), state: 'finished', energyWh: 0 })
    return {
      state,
      plugged_at: from,
      started_at: from,
      ended_at: state === 'active' ? null : endedAt,
      unplugged_at: state === 'closed' ? unpluggedAt : null,
      energy_wh: state === 'void' ? 0 : (values.energyWh ?? 10_000),
      charging_seconds: (values.charging ?? 60) * 60,
      idle_seconds: (values.idle ?? 0) * 60,
      periods: JSON.stringify(state === 'active' ? [] : periods),
      registers: JSON.stringify([
        [from.toISOString(), 100_000],
        [endedAt.toISOString(), 100_000 + (values.energyWh ?? 10_000)],
      ]),
      facts_at: clock.now(),
      updated_at: clock.now(),
      ...(values.accountId === undefined ? {} : { account_id: values.accountId }),
      ...(values.tariff === undefined
        ? {}
        : { tariff_id: values.tariff?.id ?? null, tariff_version: values.tariff?.version ?? null }),
    }
  }

  const garage: Garage = {
    deps,
    clock,
    db,
    organizationId,
    siteId,
    stationId,
    accountId,
    groupId,
    parkingTariff: '',
    chargingTariff: '',
    async stay(values) {
      const stayId = id()
      await db
        .insertInto('stay')
        .values({
          ...place,
          stay_id: stayId,
          connection_id: connectionId,
          stay_key: `ref:${stayId}`,
          state: 'closed',
          entered_at: new Date('2024-06-10T07:55:00Z'),
          created_at: clock.now(),
          ...stayRow(values),
        })
        .execute()
      return stayId
    },
    async changeStay(stayId, values) {
      await db
        .updateTable('stay')
        .set(stayRow(values))
        .where('organization_id', '=', organizationId)
        .where('stay_id', '=', stayId)
        .execute()
    },
    async session(values) {
      const sessionId = id()
      await db
        .insertInto('charging_session')
        .values({
          ...place,
          ...(values.siteId === undefined ? {} : { site_id: values.siteId }),
          session_id: sessionId,
          station_id: stationId,
          evse_number: 1,
          created_at: clock.now(),
          ...sessionRow(values),
        })
        .execute()
      return sessionId
    },
    async changeSession(sessionId, values) {
      await db
        .updateTable('charging_session')
        .set(sessionRow(values))
        .where('organization_id', '=', organizationId)
        .where('session_id', '=', sessionId)
        .execute()
    },
    async link(stayId, sessionId, state = 'linked') {
      const decided = { state, decided_at: clock.now(), updated_at: clock.now() }
      await db
        .insertInto('link')
        .values({
          ...place,
          link_id: id(),
          stay_id: stayId,
          session_id: sessionId,
          method: 'card',
          score: '0.99',
          evidence: '[]',
          decided_by: 'hub',
          created_at: clock.now(),
          ...decided,
        })
        .onConflict((conflict) => conflict.columns(['organization_id', 'stay_id', 'session_id']).doUpdateSet(decided))
        .execute()
    },
    async tariff(scope, rules, code = `${scope}-${id().slice(-6)}`) {
      const tariffId = id()
      await db
        .insertInto('tariff')
        .values({
          organization_id: organizationId,
          tariff_id: tariffId,
          code,
          name: code,
          scope,
          engine: 'tariff-standard',
          currency: 'EUR',
          ...stamp(),
        })
        .execute()
      await db
        .insertInto('tariff_version')
        .values({
          organization_id: organizationId,
          tariff_id: tariffId,
          tariff_version: 1,
          rules: JSON.stringify(rules),
          valid_from: clock.now(),
          created_at: clock.now(),
          created_by: 'test',
        })
        .execute()
      return tariffId
    },
    async assign(tariffId, more = {}) {
      const assignmentId = id()
      await db
        .insertInto('tariff_assignment')
        .values({ ...place, assignment_id: assignmentId, tariff_id: tariffId, created_at: clock.now(), ...more })
        .execute()
      return assignmentId
    },
    async pay({ stayId = null, sessionId, amountMinor, kind = 'captured', method = 'card', at = clock.now() }) {
      const paymentId = id()
      await db
        .insertInto('payment')
        .values({
          ...place,
          payment_id: paymentId,
          kind,
          stay_id: stayId,
          subject_key: sessionId === undefined ? null : `session:${sessionId}`,
          content_key: paymentId,
          vendor_transaction: 'TX-1',
          method,
          scope: 'both',
          amount_minor: amountMinor,
          currency: 'EUR',
          at,
          recorded_at: clock.now(),
        })
        .execute()
      return paymentId
    },
  }
  garage.parkingTariff = await garage.tariff('parking', parkingRules, 'day')
  garage.chargingTariff = await garage.tariff('charging', chargingRules, 'ac')
  await garage.assign(garage.parkingTariff)
  await garage.assign(garage.chargingTariff)
  return garage
}

export interface BillRow {
  subject: string
  number: string
  kind: string
  sequence: number
  totalMinor: number
  netMinor: number
  taxMinor: number
  reason: string | null
  lines: { key: string; totalMinor: number; billedQuantity: string }[]
}

export async function billsOf({ db, organizationId }: Garage, subjectKey?: string): Promise<BillRow[]> {
  let query = db.selectFrom('bill').selectAll().where('organization_id', '=', organizationId)
  if (subjectKey !== undefined) query = query.where('subject_key', '=', subjectKey)
  const bills = await query.orderBy('number').execute()
  const lines = await db
    .selectFrom('bill_line')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .orderBy('line')
    .execute()
  return bills.map((bill) => ({
    subject: bill.subject_key,
    number: `${bill.series}-${bill.number}`,
    kind: bill.kind,
    sequence: bill.sequence,
    totalMinor: bill.total_minor,
    netMinor: bill.net_minor,
    taxMinor: bill.tax_minor,
    reason: bill.reason,
    lines: lines
      .filter((line) => line.bill_id === bill.bill_id)
      .map((line) => ({ key: line.line_key, totalMinor: line.total_minor, billedQuantity: line.billed_quantity })),
  }))
}
