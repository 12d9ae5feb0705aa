// Owns the rules of stations and EVSEs: identities, passwords, admission, where they stand.
// Must not talk to a station; the caller refreshes its socket once the change is committed.
import { bays } from '../../store/places.ts'
import { insertRecord } from '../../store/record-table.ts'
import { claimIdentity, type Evse, evses, placeStation, type Station, stations } from '../../store/stations.ts'
import { registerFor } from '../certificates/manage-certificates.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { columns, columnsOf, type Making, manage, type RecordRules } from './manage-record.ts'
import { type Access, invalid, type Outcome, ok, type Refusal } from './outcome.ts'
import { broken, sameSite, theSite } from './references.ts'

export interface StationSecrets {
  /** A new password in a form that every OCPP version can hold: 40 hexadecimal digits. */
  newSecret(): string
  hashSecret(secret: Uint8Array): Buffer
}

export type StationFields = Partial<
  Pick<Station, 'name' | 'securityProfile' | 'defaultProtocol' | 'maxPowerW' | 'settings' | 'tags'>
>
export interface NewEvse {
  number: number
  code?: string
  bayId?: string | null
  maxPowerW?: number | null
}
export type StationCreate = StationFields & { siteId: string; code: string; evses?: readonly NewEvse[] }
export type StationPatch = StationFields & { siteId?: string; allowLowerSecurity?: boolean }
export type EvseFields = Partial<Pick<Evse, 'code' | 'bayId' | 'maxPowerW'>>
export type EvseCreate = EvseFields & Pick<Evse, 'stationId' | 'number'>

const rules = (secretHash: Buffer | null): RecordRules<Station, StationCreate, StationPatch> => ({
  table: stations,
  idOf: (station) => station.stationId,
  siteOf: (station) => station.siteId,
  async create({ trx, access }, input, id) {
    const wrong = await broken(trx, access, [theSite(input.siteId)])
    if (wrong) return wrong
    if (!(await claimIdentity(trx, access.organizationId, id, input.code))) {
      const message = 'A station of this identity is there already, perhaps archived, or pending since it dialled in.'
      return { kind: 'conflict', message, pointer: '/code' }
    }
    const { evses: _, ...fields } = input
    return columns({ ...columnsOf(stations, { ...fields, name: input.name ?? input.code }), secret_hash: secretHash })
  },
  async update({ trx, access }, before, input) {
    const { securityProfile, allowLowerSecurity = false } = input
    if (securityProfile !== undefined && securityProfile < before.securityProfile && !allowLowerSecurity) {
      return invalid(
        '/securityProfile',
        `is lower than now (${before.securityProfile}); say allowLowerSecurity if it is meant`,
      )
    }
    if (input.siteId === undefined || input.siteId === before.siteId) return columns(columnsOf(stations, input))
    if (before.siteId !== null) return invalid('/siteId', 'a station does not move: its sessions stay with their site')
    return (await broken(trx, access, [theSite(input.siteId)])) ?? columns(columnsOf(stations, input))
  },
  async changed(making, before, after, input) {
    if (before === null) {
      const list = (input as StationCreate).evses ?? [{ number: 1 }]
      const twice = list.findIndex((one, i) => list.findIndex((other) => other.number === one.number) !== i)
      if (twice >= 0) return invalid(`/evses/${twice}/number`, 'is there twice')
      for (const [i, evse] of list.entries()) {
        const refusal = await addEvse(making, after, evse, `/evses/${i}`)
        if (refusal) return refusal
      }
    } else if (before.siteId === null && after.siteId !== null) {
      await placeStation(making.trx, making.access.organizationId, after.stationId, after.siteId)
    }
    return undefined
  },
})

async function addEvse(making: Making, station: Station, evse: NewEvse, pointer: string): Promise<Refusal | undefined> {
  const { trx, access, now } = making
  const wrong = await broken(trx, access, [
    { pointer: `${pointer}/bayId`, table: bays, id: evse.bayId, fits: sameSite(station.siteId) },
  ])
  if (wrong) return wrong
  await insertRecord(trx, evses, {
    organization_id: access.organizationId,
    evse_id: making.newId(),
    site_id: station.siteId,
    station_id: station.stationId,
    ...columnsOf(evses, { ...evse, code: evse.code ?? `${station.code}-${evse.number}` }),
    created_at: now,
    updated_at: now,
  })
  return undefined
}

/** Stations; a new one gets the password whose hash is given. */
export const manageStations = manage(rules(null))

export interface StationAndSecret {
  station: Station
  secret: string
}

export function addStation(deps: ServiceDeps, secrets: StationSecrets) {
  return async (access: Access, input: StationCreate): Promise<Outcome<StationAndSecret>> => {
    const secret = secrets.newSecret()
    const added = await manage(rules(secrets.hashSecret(Buffer.from(secret))))(deps).create(access, input)
    return added.kind === 'ok' ? ok({ station: added.value, secret }) : added
  }
}

export function rotateStationSecret(deps: ServiceDeps, secrets: StationSecrets) {
  return async (access: Access, stationId: string): Promise<Outcome<StationAndSecret>> => {
    const secret = secrets.newSecret()
    const hash = secrets.hashSecret(Buffer.from(secret))
    const rotating = manage<Station, never, object>({
      ...(rules(null) as unknown as RecordRules<Station, never, object>),
      updates: 'secret_rotated',
      update: async () => columns({ secret_hash: hash }),
    })
    const rotated = await rotating(deps).update(access, stationId, {})
    return rotated.kind === 'ok' ? ok({ station: rotated.value, secret }) : rotated
  }
}

/** What the operator says to a station that dialled in unknown. */
export function decideAdmission(deps: ServiceDeps) {
  return (
    access: Access,
    stationId: string,
    decision: {
      decision: 'accept' | 'reject'
      siteId?: string
      registerCertificate?: boolean
      securityProfile?: number
    },
  ): Promise<Outcome<Station>> => {
    const deciding = manage<Station, never, StationPatch>({
      ...(rules(null) as unknown as RecordRules<Station, never, StationPatch>),
      updates: `${decision.decision}ed`,
      async update(making, before, input) {
        const next = await rules(null).update(making, before, input)
        if (next.kind !== 'columns') return next
        if (decision.decision === 'reject') return columns({ ...next.columns, admission: 'rejected' })
        if (before.siteId === null && decision.siteId === undefined) {
          return invalid('/siteId', 'is needed to accept a station that has no site')
        }
        const { securityProfile } = decision
        const profile = securityProfile === undefined ? {} : { security_profile: securityProfile }
        return columns({ ...next.columns, ...profile, admission: 'accepted' })
      },
      async changed(making, before, after, input) {
        const refusal = await rules(null).changed?.(making, before, after, input)
        if (refusal || decision.decision !== 'accept' || decision.registerCertificate !== true) return refusal
        const pem = before?.presentedCertificate?.pem
        if (pem === undefined) return invalid('/registerCertificate', 'the station came with no certificate')
        const made = await registerFor({ ...deps, db: making.trx }, access, after, pem)
        return made.kind === 'ok' ? undefined : made
      },
    })
    return deciding(deps).update(access, stationId, decision.siteId === undefined ? {} : { siteId: decision.siteId })
  }
}

/** Takes `flags` in place of all settings that are named in `known`; other settings stay. */
export function overrideFlags(deps: ServiceDeps, known: readonly string[]) {
  return (
    access: Access,
    stationId: string,
    flags: Readonly<Record<string, unknown>>,
    version?: number,
  ): Promise<Outcome<Station>> => {
    const overriding = manage<Station, never, object>({
      ...(rules(null) as unknown as RecordRules<Station, never, object>),
      updates: 'profile_overridden',
      async update(_making, before) {
        const others = Object.entries(before.settings).filter(([name]) => !known.includes(name))
        return columns(columnsOf(stations, { settings: { ...Object.fromEntries(others), ...flags } }))
      },
    })
    return overriding(deps).update(access, stationId, {}, version)
  }
}

const bayOf = (siteId: string | null, id: string | null | undefined) => ({
  pointer: '/bayId',
  table: bays,
  id,
  fits: sameSite(siteId),
})

export const manageEvses = manage<Evse, EvseCreate, EvseFields>({
  table: evses,
  idOf: (evse) => evse.evseId,
  siteOf: (evse) => evse.siteId,
  async create({ trx, access }, input) {
    let station: Station | undefined
    const remember = (found: Station) => {
      station = found
      return null
    }
    const wrong = await broken(trx, access, [
      { pointer: '/stationId', table: stations, id: input.stationId, fits: remember },
    ])
    if (wrong || !station) return wrong ?? invalid('/stationId', 'no such station')
    return (
      (await broken(trx, access, [bayOf(station.siteId, input.bayId)])) ??
      columns({
        ...columnsOf(evses, { ...input, code: input.code ?? `${station.code}-${input.number}` }),
        site_id: station.siteId,
      })
    )
  },
  update: async ({ trx, access }, before, input) =>
    (await broken(trx, access, [bayOf(before.siteId, input.bayId)])) ?? columns(columnsOf(evses, input)),
})
