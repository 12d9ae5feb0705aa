// Owns one playing of a recording: a fresh organization, the real doors, the real workers, and what stands in the books at the end.
// Must not name records by ids or receive times: two playings are compared by what the outside world calls things.
import { createHmac } from 'node:crypto'
import type { StationSink } from '../../core/domain/charger-port.ts'
import type { ParkingFact } from '../../core/domain/parking-fact.ts'
import { runTimers } from '../../core/events/run-timers.ts'
import { systemNewId as newId } from '../../core/runtime/random.ts'
import { systemClock } from '../../core/runtime/system-clock.ts'
import { authorise } from '../../core/services/access/authorise.ts'
import { evaluateBill } from '../../core/services/billing/evaluate-bill.ts'
import { defaultChargerSettings } from '../../core/services/charger/charger-deps.ts'
import { type ChargerGateway, chargerGateway } from '../../core/services/charger/charger-gateway.ts'
import { refusingInquiries } from '../../core/services/charger/inquiry-handlers.ts'
import { evaluateEvBay } from '../../core/services/ev-bays/evaluate-ev-bay.ts'
import { evaluateLinks } from '../../core/services/linking/evaluate-links.ts'
import { identityChanged } from '../../core/services/linking/identity-changed.ts'
import { sessionsChanged } from '../../core/services/linking/sessions-changed.ts'
import { manageCredentials } from '../../core/services/manage/manage-credentials.ts'
import { manageVehicles } from '../../core/services/manage/manage-people.ts'
import { checkDrift } from '../../core/services/occupancy/check-drift.ts'
import { checkPluggedExit } from '../../core/services/parking/check-plugged-exit.ts'
import { parcsSink } from '../../core/services/parking/parcs-sink.ts'
import { refundOverpaid } from '../../core/services/payments/refund-overpaid.ts'
import { groupCommit } from '../../core/store/group-commit.ts'
import { type JobTask, runWorker } from '../../core/store/job-worker.ts'
import { countJobs } from '../../core/store/jobs.ts'
import { manualClock } from '../../core/testing/manual-clock.ts'
import { standardEngine } from '../../plugins/tariff-standard/index.ts'
import { addAccount, addBay, addCredential, addVehicle, type Garage, openGarage } from '../services/parking/garage.ts'
import { silent, type TestDatabase } from '../setup/database.ts'
import { eventually } from '../setup/eventually.ts'
import { cars, opening, type Told } from './replayed-stream.ts'
import { createTroubleLog } from './trouble-log.ts'

/** What happens, in the order in which the hub hears of it. */
export type Heard =
  | { do: 'parcs'; facts: readonly ParkingFact[] }
  | { do: 'charger'; told: Extract<Told, { door: 'charger' }> }
  /** The clock moves on, never back. */
  | { do: 'wait'; until: Date }
  /** Everything that is due is done. */
  | { do: 'work' }
  | { do: 'reconnect' }
  /** The car and the card of an account are enrolled only now. */
  | { do: 'enrol'; account: string }

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** Together longer than any settle delay, hold and window of the default settings, in steps that let one wait for another. */
const daysAfterwards = [0.1, 1, 4, 10, 30]

const hashSecret = (secret: Uint8Array) => createHmac('sha256', 'test key').update(secret).digest()
const parkingRules = {
  scope: 'parking',
  tax: { code: 'SALES', percent: '10', included: false },
  day: 'rolling',
  dayMaximum: '20.00',
  bands: [{ everyMinutes: 30, price: '1.50' }],
}
const chargingRules = {
  scope: 'charging',
  tax: { code: 'SALES', percent: '10', included: false },
  energy: { price: '0.37' },
  time: { price: '0.01' },
  session: { price: '0.50' },
  idle: { price: '0.05', graceMinutes: 10 },
}

export async function play(database: TestDatabase, heard: readonly Heard[]) {
  const clock = manualClock(new Date(opening))
  // A search may keep facts back for months.
  const garage = await openGarage(database.db, { clock, settings: { link_history_days: 3650 } })
  const late = new Set(heard.flatMap((one) => (one.do === 'enrol' ? [one.account] : [])))
  const enrolments = new Map<string, () => Promise<unknown>>()
  const codes = await furnish(garage, late, enrolments)
  const { db } = database
  const { log, errors } = createTroubleLog()
  const service = { db, clock, newId, log }
  const commits = groupCommit({ pool: database.pool, clock: systemClock, log })
  const may = authorise({ db })
  const gateway = chargerGateway({
    ...service,
    pool: database.pool,
    groupCommit: commits,
    hashSecret,
    inquiries: refusingInquiries,
    nodeId: `node-${garage.organizationId}`,
    authorise: (question) => may({ ...question, place: 'charger' }),
    settings: {
      ...defaultChargerSettings,
      settleAfterMs: 0,
      unknownStations: 'reject',
      defaultOrganizationId: garage.organizationId,
    },
  })
  const sink = parcsSink({ ...service, deadline: async () => {} })(garage)
  const engine = standardEngine()
  const bills = evaluateBill({ ...service, engine: () => engine })
  const rematching = { ...service, quietly: gateway.quietly }
  const links = evaluateLinks(rematching)
  const worker = await runWorker({
    ownerPool: database.ownerPool,
    concurrency: 4,
    log: silent,
    tasks: {
      'link.evaluate': task(links),
      'sessions.changed': task(sessionsChanged(service)),
      'identity.changed': task(identityChanged(rematching)),
      'bill.evaluate': task(bills),
      'refund.consider': task(refundOverpaid({ ...service, paymentDoors: () => [] })),
      'charger.orphan': task(gateway.closeOrphan),
      'ev_bay.evaluate': task(evaluateEvBay(service)),
      'occupancy.check': task(checkDrift(service)),
      'stay.check_plugged': task(checkPluggedExit(service)),
    },
  })
  const due = runTimers({ db, clock })
  const work = async () => {
    await due()
    await eventually(
      async () => {
        const counts = await countJobs(database.ownerPool)
        if (counts.due + counts.running + counts.later > 0) return false
        return (await due()) === 0
      },
      'an idle hub',
      60_000,
    ).catch(async (cause) => {
      const { rows } = await database.ownerPool.query('select * from graphile_worker.jobs')
      throw new Error(JSON.stringify({ trouble: errors, jobs: rows }, null, 1), { cause })
    })
  }
  try {
    let stations = await connect(gateway, codes)
    for (const one of heard) {
      if (one.do === 'parcs') await sink.record(one.facts)
      else if (one.do === 'charger') await stations[one.told.station]?.record(one.told.fact)
      else if (one.do === 'wait') clock.advanceTo(new Date(Math.max(one.until.getTime(), clock.now().getTime())))
      else if (one.do === 'work') await work()
      else if (one.do === 'enrol') await enrolments.get(one.account)?.()
      else stations = await connect(gateway, codes)
    }
    await work()
    for (const days of daysAfterwards) {
      clock.advanceTo(new Date(clock.now().getTime() + days * dayMs))
      await work()
    }
    const { failed } = await countJobs(database.ownerPool)
    return { trouble: errors, failedJobs: failed, ...(await books(database, garage, codes, late)) }
  } finally {
    await worker.stop()
    await gateway.close()
    await commits.close()
  }
}

function task<P>(run: (payload: P) => Promise<unknown>): JobTask {
  return async (payload) => {
    await run(payload as P)
    return undefined
  }
}

function connect(gateway: ChargerGateway, codes: readonly string[]): Promise<StationSink[]> {
  return Promise.all(
    codes.map(async (code) => {
      const asking = { identity: code, password: Buffer.from('secret'), userName: code, remoteAddress: '127.0.0.1' }
      const admission = await gateway.port.admit({ ...asking, secure: false })
      if (admission.kind !== 'admitted') throw new Error(`not admitted: ${admission.reason}`)
      return gateway.port.open({
        station: admission.station,
        protocol: 'ocpp2.0.1',
        remoteAddress: '127.0.0.1',
        deliver: async () => ({ kind: 'timed_out' }),
        displaced: () => undefined,
      })
    }),
  )
}

/** People, cards, places, stations and tariffs; the same in every playing. Returns the stations' codes. */
async function furnish(
  garage: Garage,
  late: ReadonlySet<string>,
  enrolments: Map<string, () => Promise<unknown>>,
): Promise<string[]> {
  const { db, organizationId, siteId } = garage
  const before = new Date(opening - 30 * dayMs)
  const inOrganization = { organization_id: organizationId }
  const stamps = { created_at: before, updated_at: before }
  for (const car of cars) {
    if (car.account === null) continue
    const accountId = await addAccount(garage, { number: car.account, parkerKind: 'member' })
    if (late.has(car.account)) {
      enrolments.set(car.account, () => enrolLate(garage, car, accountId))
      continue
    }
    const vehicleId = await addVehicle(garage, car.plate, accountId)
    if (car.gate !== null) await addCredential(garage, 'card', car.gate, { accountId, vehicleId, encoding: 'hex' })
  }
  for (const [scope, rules] of [
    ['parking', parkingRules],
    ['charging', chargingRules],
  ] as const) {
    const tariff_id = newId()
    await db
      .insertInto('tariff')
      .values({
        ...inOrganization,
        tariff_id,
        code: scope,
        name: scope,
        scope,
        engine: 'tariff-standard',
        currency: 'USD',
        ...stamps,
      })
      .execute()
    await db
      .insertInto('tariff_version')
      .values({
        ...inOrganization,
        tariff_id,
        tariff_version: 1,
        rules: JSON.stringify(rules),
        valid_from: before,
        created_at: before,
        created_by: 'test',
      })
      .execute()
    await db
      .insertInto('tariff_assignment')
      .values({ ...inOrganization, site_id: siteId, assignment_id: newId(), tariff_id, created_at: before })
      .execute()
  }
  const codes: string[] = []
  for (const station of [0, 1]) {
    const code = `P-${siteId.slice(-8)}-${station}`
    const station_id = newId()
    const place = { ...inOrganization, site_id: siteId, station_id }
    const secret_hash = hashSecret(Buffer.from('secret'))
    const power = { max_power_w: 22_000 }
    await db
      .insertInto('station')
      .values({ ...place, code, name: code, admission: 'accepted', secret_hash, ...power, ...stamps })
      .execute()
    await db
      .insertInto('station_identity')
      .values({ ...inOrganization, identity: code.toLowerCase(), station_id })
      .execute()
    for (const number of [1, 2]) {
      const bay_id = await addBay(garage, `B-${station * 2 + number - 1}`)
      const named = { number, code: `E-${station * 2 + number - 1}`, bay_id }
      await db
        .insertInto('evse')
        .values({ ...place, evse_id: newId(), ...named, ...power, ...stamps })
        .execute()
    }
    codes.push(code)
  }
  return codes
}

/** As an operator does it, through the services. */
async function enrolLate(
  { deps, organizationId }: Garage,
  car: (typeof cars)[number],
  accountId: string,
): Promise<void> {
  const access = { organizationId, siteIds: null, actor: 'key:operator', requestId: 'late' }
  const made = await manageVehicles(deps).create(access, { plate: car.plate, accountId })
  if (made.kind !== 'ok') throw new Error(JSON.stringify(made))
  if (car.gate === null) return
  const presentations = [{ value: car.gate, encoding: 'hex' }]
  const { vehicleId } = made.value
  const card = await manageCredentials(deps).create(access, { kind: 'card', accountId, vehicleId, presentations })
  if (card.kind !== 'ok') throw new Error(JSON.stringify(card))
}

/** Everything that the facts made, by natural keys. */
async function books({ db }: TestDatabase, garage: Garage, codes: readonly string[], late: ReadonlySet<string>) {
  const mine = garage.organizationId
  const stations = await db
    .selectFrom('station')
    .select(['station_id', 'code'])
    .where('organization_id', '=', mine)
    .execute()
  const numberOf = new Map(stations.map((row) => [row.station_id, codes.indexOf(row.code)]))
  const accounts = await db
    .selectFrom('account')
    .select(['account_id', 'number'])
    .where('organization_id', '=', mine)
    .execute()
  const accountOf = new Map(accounts.map((row) => [row.account_id, row.number]))
  const tariffs = await db
    .selectFrom('tariff')
    .select(['tariff_id', 'code'])
    .where('organization_id', '=', mine)
    .execute()
  const tariffOf = new Map(tariffs.map((row) => [row.tariff_id, row.code]))
  const stayRows = await db
    .selectFrom('stay')
    .selectAll()
    .where('organization_id', '=', mine)
    .orderBy('stay_key')
    .execute()
  const sessionRows = await db.selectFrom('charging_session').selectAll().where('organization_id', '=', mine).execute()
  const linkRows = await db.selectFrom('link').selectAll().where('organization_id', '=', mine).execute()
  const paymentRows = await db.selectFrom('payment').selectAll().where('organization_id', '=', mine).execute()
  const stayKeys = new Map(stayRows.map((row) => [row.stay_id, row.stay_key]))
  const sessionKeys = new Map(
    sessionRows.map((row) => [
      row.session_id,
      `${numberOf.get(row.station_id)}/${row.evse_number} ${row.started_at.toISOString()}`,
    ]),
  )
  const subjectName = (key: string) => {
    const [kind, id = ''] = key.split(':')
    return `${kind} ${kind === 'stay' ? stayKeys.get(id) : sessionKeys.get(id)}`
  }
  const lines = await db
    .selectFrom('bill_line as l')
    .innerJoin('bill as b', (join) =>
      join.onRef('b.organization_id', '=', 'l.organization_id').onRef('b.bill_id', '=', 'l.bill_id'),
    )
    .select([
      'b.subject_key',
      'b.account_id',
      'l.kind',
      'l.tariff_id',
      'l.session_id',
      'l.net_minor',
      'l.tax_minor',
      'l.total_minor',
    ])
    .where('l.organization_id', '=', mine)
    .execute()
  const postings = await db
    .selectFrom('journal_posting')
    .select(['debit_account', 'credit_account', 'amount_minor'])
    .where('organization_id', '=', mine)
    .execute()
  const bills = new Map<string, { net: number; tax: number; total: number }>()
  for (const line of lines) {
    const session = line.session_id === null ? '' : ` ${sessionKeys.get(line.session_id)}`
    const payer = line.account_id === null ? 'nobody' : accountOf.get(line.account_id)
    const name = `${subjectName(line.subject_key)} to ${payer}: ${line.kind} by ${tariffOf.get(line.tariff_id ?? '')}${session}`
    const sum = bills.get(name) ?? { net: 0, tax: 0, total: 0 }
    bills.set(name, {
      net: sum.net + line.net_minor,
      tax: sum.tax + line.tax_minor,
      total: sum.total + line.total_minor,
    })
  }
  const balances = new Map<string, number>()
  const post = (account: string, minor: number) => balances.set(account, (balances.get(account) ?? 0) + minor)
  for (const { debit_account, credit_account, amount_minor } of postings) {
    post(debit_account, amount_minor)
    post(credit_account, -amount_minor)
  }
  const payments = new Map<string, number>()
  for (const row of paymentRows) {
    if (row.kind === 'failed') continue
    const name = `${row.stay_id === null ? 'nobody' : stayKeys.get(row.stay_id)}`
    payments.set(name, (payments.get(name) ?? 0) + (row.kind === 'refunded' ? -row.amount_minor : row.amount_minor))
  }
  return {
    stays: stayRows
      .filter(({ flags }) => !flags.includes('withdrawn'))
      .map((row) => ({
        key: row.stay_key,
        ref: row.stay_ref,
        state: row.state,
        parkerKind: row.parker_kind,
        account: row.account_id === null ? null : accountOf.get(row.account_id),
        plate: row.plate,
        enteredAt: row.entered_at,
        exitedAt: row.exited_at,
        exitBefore: row.exit_before,
        lanes: [row.entry_lane, row.exit_lane],
        searchKeys: row.search_keys,
        bays: row.bays,
        discounts: (row.discounts as { kind: string }[]).length,
        paidMinor: row.paid_minor,
        flags: row.flags,
      })),
    sessions: sessionRows
      .filter(({ state }) => state !== 'void')
      .map((row) => ({
        key: sessionKeys.get(row.session_id),
        state: row.state,
        account: row.account_id === null ? null : accountOf.get(row.account_id),
        token: row.id_token,
        pluggedAt: row.plugged_at,
        unpluggedAt: row.unplugged_at,
        endedAt: row.ended_at,
        energyWh: row.energy_wh,
        seconds: [row.charging_seconds, row.suspended_vehicle_seconds, row.suspended_station_seconds, row.idle_seconds],
        periods: row.periods,
        // Whether it was allowed to charge was decided when it asked; who it was is not.
        flags: row.flags.filter((flag) => late.size === 0 || flag !== 'not_authorized'),
      }))
      .sort((a, b) => `${a.key}`.localeCompare(`${b.key}`)),
    links: linkRows
      .filter(({ state }) => state !== 'withdrawn')
      .map((row) => ({
        stay: stayKeys.get(row.stay_id),
        session: sessionKeys.get(row.session_id),
        state: row.state,
        method: row.method,
        score: row.score,
        decidedBy: row.decided_by,
      }))
      .sort((a, b) => `${a.stay} ${a.session}`.localeCompare(`${b.stay} ${b.session}`)),
    bills: sorted([...bills].filter(([, { net, tax, total }]) => net !== 0 || tax !== 0 || total !== 0)),
    payments: sorted([...payments]),
    balances: sorted([...balances].filter(([, minor]) => minor !== 0)),
    recordedWh: sessionRows.reduce((sum, row) => sum + (row.state === 'void' ? 0 : row.energy_wh), 0),
  }
}

const sorted = <T>(entries: [string, T][]) => Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
