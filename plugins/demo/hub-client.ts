// Owns every call that the demo makes to the hub's API: setting the site up, starting a charger, reading the results.
// Must not know the scenario's timeline; run.ts plays that. All paths of the API that the demo uses stand in this file.

import type {
  HubAnswers,
  HubBill,
  HubEntry,
  HubLink,
  HubPayment,
  HubReview,
  HubSession,
  HubStay,
} from './hub-answers.ts'
import type { SiteSetup, TariffSetup } from './scenario/index.ts'
import type { Token } from './station/index.ts'

export interface HubClientOptions {
  hubUrl: string
  adminKey: string
  fetch?: typeof fetch
  pause?: (ms: number) => Promise<void>
}

/** The hub's answer to a call that should have worked. */
class HubCallFailed extends Error {
  readonly status: number
  constructor(method: string, path: string, status: number, body: string) {
    super(`${method} ${path} answered ${status}: ${body.slice(0, 800)}`)
    this.name = 'HubCallFailed'
    this.status = status
  }
}

export interface BuiltSite {
  siteId: string
  connection: { connectionId: string; secret: string }
  /** By the code that the station dials in with. */
  stations: ReadonlyMap<string, { stationId: string; password: string }>
}

/** Secret of the inbound connection, as the parking adapter names it. */
const signingSecretName = 'signing'
const parcsPlugin = 'parcs-http'

const tokenKinds: Readonly<Record<string, string>> = {
  ISO14443: 'iso14443',
  Central: 'central',
  Local: 'local',
  NoAuthorization: 'none',
}

/** Times that a call is sent again because the hub asked for a slower pace. */
const patience = 60

type Row = Record<string, unknown>

export function createHubClient(options: HubClientOptions) {
  const send = options.fetch ?? fetch
  const pause = options.pause ?? ((ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)))

  const call = async (method: string, path: string, body?: unknown): Promise<Row> => {
    for (let attempt = 1; ; attempt++) {
      const response = await send(`${options.hubUrl}/api/v1/${path}`, {
        method,
        headers: {
          authorization: `Bearer ${options.adminKey}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      if (response.status === 429 && attempt < patience) {
        await pause(Math.max(1, Number(response.headers.get('retry-after') ?? 1)) * 1000)
        continue
      }
      if (!response.ok) throw new HubCallFailed(method, path, response.status, text)
      return text === '' ? {} : (JSON.parse(text) as Row)
    }
  }

  const list = async (path: string, filter: Record<string, string>): Promise<Row[]> => {
    const items: Row[] = []
    let cursor: string | undefined
    do {
      const query = new URLSearchParams({ ...filter, limit: '200', ...(cursor === undefined ? {} : { cursor }) })
      const page = await call('GET', `${path}?${query}`)
      items.push(...rowsOf(page.items))
      cursor = typeof page.nextCursor === 'string' ? page.nextCursor : undefined
    } while (cursor !== undefined)
    return items
  }

  /** Creates one record after the other: a set-up page does no more than that. */
  const createAll = async <T>(
    path: string,
    things: readonly T[],
    body: (thing: T) => Row,
    name: (thing: T) => string,
    idField: string,
  ): Promise<Map<string, string>> => {
    const ids = new Map<string, string>()
    for (const thing of things) {
      const made = await call('POST', path, body(thing))
      ids.set(name(thing), String(made[idField]))
    }
    return ids
  }

  const createTariff = async (siteId: string, currency: string, tariff: TariffSetup, validFrom: Date) => {
    const { code, name, scope, rules } = tariff
    const body = { siteId, code, name, scope, currency, rules, validFrom: validFrom.toISOString() }
    const made = await call('POST', 'tariffs', body)
    await call('POST', 'tariff-assignments', { siteId, tariffId: made.tariffId })
  }

  const connect = async (siteId: string, name: string, secret: string) => {
    const secrets = { [signingSecretName]: secret }
    const body = { pluginId: parcsPlugin, siteId, name, config: {}, secrets }
    const made = await call('POST', 'connections', body)
    return { connectionId: String(made.connectionId), secret }
  }

  return {
    /**
     * Enters everything that an operator would have entered before the first car.
     * @param openedAt from when tariffs hold
     * @param connection an inbound parking connection that exists already; without one it is made with `newSecret`
     */
    async setUpSite(
      setup: SiteSetup,
      openedAt: Date,
      connection: { connectionId: string; secret: string } | { newSecret: string },
    ): Promise<BuiltSite> {
      const { code, name, timeZone, currency } = setup
      const site = await call('POST', 'sites', { code, name, timeZone, currency })
      const siteId = String(site.siteId)
      const byCode = (one: { code: string }) => one.code
      const byRef = (one: { ref: string }) => one.ref
      const areas = await createAll('areas', setup.areas, (one) => ({ siteId, ...one }), byCode, 'areaId')
      const bays = await createAll(
        'bays',
        setup.bays,
        (one) => ({ siteId, code: one.code, kind: one.kind, areaId: areas.get(one.area) ?? null }),
        byCode,
        'bayId',
      )
      await createAll('lanes', setup.lanes, (one) => ({ siteId, ...one }), byCode, 'laneId')
      const stations = new Map<string, { stationId: string; password: string }>()
      for (const one of setup.stations) {
        const evses = one.evses.map((evse) => ({
          number: evse.number,
          code: evse.code,
          bayId: bays.get(evse.bay) ?? null,
          maxPowerW: evse.maxPowerW,
        }))
        const body = { siteId, code: one.id, defaultProtocol: one.version, evses }
        const made = await call('POST', 'stations', body)
        stations.set(one.id, { stationId: String(made.stationId), password: String(made.secret) })
      }
      const accounts = await createAll(
        'accounts',
        setup.accounts,
        ({ ref, ...one }) => ({ number: ref, ...one }),
        byRef,
        'accountId',
      )
      await createAll(
        'vehicles',
        setup.vehicles,
        (one) => ({ accountId: accounts.get(one.account) ?? null, plate: one.plate, plateCountry: one.country }),
        byRef,
        'vehicleId',
      )
      await createAll(
        'credentials',
        setup.credentials,
        (one) => ({
          accountId: accounts.get(one.account) ?? null,
          kind: one.kind,
          status: one.status,
          presentations: [{ value: one.value, ...(one.kind === 'card' ? { encoding: 'hex' } : {}) }],
        }),
        byRef,
        'credentialId',
      )
      for (const tariff of setup.tariffs) await createTariff(siteId, currency, tariff, openedAt)
      const made = 'connectionId' in connection ? connection : await connect(siteId, 'Gates', connection.newSecret)
      return { siteId, connection: made, stations }
    },

    /** Asks the hub to start a charger, as a driver's app would. False when the hub would not. */
    async remoteStart(stationId: string, evse: number, token: Token): Promise<boolean> {
      const body = { name: 'start', evse, token: { value: token.value, kind: tokenKinds[token.type] ?? 'unknown' } }
      try {
        await call('POST', `stations/${stationId}/commands`, body)
        return true
      } catch (error) {
        if (error instanceof HubCallFailed && error.status < 500) return false
        throw error
      }
    },

    /** What a transient parker owes for a stay, by the tariff that hub and pay station share. */
    async parkingPrice(setup: SiteSetup, enteredAt: Date, exitedAt: Date): Promise<number | undefined> {
      const tariff = setup.tariffs.find((one) => one.scope === 'parking')
      if (!tariff) return undefined
      const stay = { enteredAt: enteredAt.toISOString(), exitedAt: exitedAt.toISOString(), parkerKind: 'transient' }
      const { currency, timeZone } = setup
      const body = { scope: 'parking', currency, timeZone, rules: tariff.rules, stay }
      const preview = await call('POST', 'tariffs/preview', body)
      return typeof preview.totalMinor === 'number' ? preview.totalMinor : undefined
    },

    /** Everything that the month left behind in the hub. */
    async answers(siteId: string): Promise<HubAnswers> {
      const site = { siteId }
      const codes = new Map((await list('stations', site)).map((row) => [String(row.stationId), String(row.code)]))
      const bills: HubBill[] = []
      // Lines stand only in the single bill.
      for (const row of await list('bills', site)) bills.push(billOf(await call('GET', `bills/${row.billId}`)))
      return {
        stays: (await list('stays', site)).map(stayOf),
        sessions: (await list('charging-sessions', site)).map((row) => sessionOf(row, codes)),
        links: (await list('links', site)).map(linkOf),
        bills,
        journal: (await list('journal/entries', site)).map(entryOf),
        payments: (await list('payments', site)).map(paymentOf),
        reviews: (await list('reviews', { ...site, state: 'open' })).map(reviewOf),
      }
    },
  }
}

// ---- from the API's records to what the reconciliation reads --------------------------------------------------------

const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null)
const integer = (value: unknown): number => (typeof value === 'number' ? value : 0)
const instant = (value: unknown): Date | null => (typeof value === 'string' ? new Date(value) : null)
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : [])
const rowsOf = (value: unknown): Row[] => (Array.isArray(value) ? (value as Row[]) : [])

function stayOf(row: Row): HubStay {
  return {
    id: text(row.stayId),
    ref: textOrNull(row.stayRef),
    state: text(row.state),
    parkerKind: text(row.parkerKind),
    enteredAt: instant(row.enteredAt),
    exitedAt: instant(row.exitedAt),
    flags: texts(row.flags),
  }
}

function sessionOf(row: Row, codes: ReadonlyMap<string, string>): HubSession {
  return {
    id: text(row.sessionId),
    station: codes.get(text(row.stationId)) ?? text(row.stationId),
    evse: integer(row.evseNumber),
    state: text(row.state),
    pluggedAt: instant(row.pluggedAt) ?? new Date(0),
    unpluggedAt: instant(row.unpluggedAt),
    endedAt: instant(row.endedAt),
    energyWh: integer(row.energyWh),
    flags: texts(row.flags),
  }
}

function linkOf(row: Row): HubLink {
  return {
    id: text(row.linkId),
    stayId: text(row.stayId),
    sessionId: text(row.sessionId),
    state: text(row.state),
    method: text(row.method),
  }
}

function billOf(row: Row): HubBill {
  return {
    id: text(row.billId),
    number: text(row.number),
    kind: text(row.kind),
    subjectKey: text(row.subjectKey),
    stayId: textOrNull(row.stayId),
    sessionId: textOrNull(row.sessionId),
    netMinor: integer(row.netMinor),
    taxMinor: integer(row.taxMinor),
    totalMinor: integer(row.totalMinor),
    lines: rowsOf(row.lines).map((line) => ({
      kind: text(line.kind),
      stayId: textOrNull(line.stayId),
      sessionId: textOrNull(line.sessionId),
      quantity: text(line.quantity),
      unit: text(line.unit),
      netMinor: integer(line.netMinor),
      taxMinor: integer(line.taxMinor),
      totalMinor: integer(line.totalMinor),
    })),
  }
}

function entryOf(row: Row): HubEntry {
  return {
    id: text(row.entryId),
    sourceType: text(row.sourceType),
    sourceId: text(row.sourceId),
    postings: rowsOf(row.postings).map((posting) => ({
      debitAccount: text(posting.debitAccount),
      creditAccount: text(posting.creditAccount),
      amountMinor: integer(posting.amountMinor),
      billId: textOrNull(posting.billId),
    })),
  }
}

function paymentOf(row: Row): HubPayment {
  return {
    id: text(row.paymentId),
    kind: text(row.kind),
    stayId: textOrNull(row.stayId),
    amountMinor: integer(row.amountMinor),
  }
}

function reviewOf(row: Row): HubReview {
  return { id: text(row.reviewId), kind: text(row.kind), reason: text(row.reason) }
}
