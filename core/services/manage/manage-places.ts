// Owns the rules of sites, areas, bays, lanes and devices.
// Must not set what sensors and gates report.
import { brokenNumbering } from '../../domain/bill/index.ts'
import {
  type Area,
  areas,
  type Bay,
  bays,
  type Device,
  databaseKnowsZone,
  devices,
  type Lane,
  lanes,
  type Organization,
  organizations,
  type Site,
  sites,
} from '../../store/places.ts'
import { closeSettingChanged } from '../ledger/close-on-schedule.ts'
import { askAgain } from '../linking/ask-again.ts'
import { brokenLinkSettings } from '../linking/link-settings.ts'
import { columns, columnsOf, manage } from './manage-record.ts'
import { invalid, type Refusal } from './outcome.ts'
import { broken, sameSite, theSite } from './references.ts'

type Create<R, Required extends keyof R, Optional extends keyof R> = Pick<R, Required> & Partial<Pick<R, Optional>>

export type SiteFields = Partial<Pick<Site, 'code' | 'name' | 'timeZone' | 'country' | 'address' | 'settings'>>
export type SiteCreate = SiteFields & Pick<Site, 'code' | 'timeZone' | 'currency'>
export type AreaCreate = Create<Area, 'siteId' | 'code', 'name' | 'level'>
export type BayCreate = Create<Bay, 'siteId' | 'code', 'name' | 'kind' | 'areaId'>
export type LaneCreate = Create<Lane, 'siteId' | 'code' | 'direction', 'name' | 'areaId'>
export type DeviceCreate = Create<Device, 'siteId' | 'code' | 'kind', 'name' | 'laneId'>
type Patch<C> = Partial<Omit<C, 'siteId'>>

/** What is left unnamed goes by its code. */
const named = <T extends { code: string; name?: string }>(input: T) => ({ ...input, name: input.name ?? input.code })

function brokenLinking(settings: Site['settings'] | undefined): Refusal | undefined {
  const broken = settings === undefined ? null : brokenLinkSettings(settings)
  return broken === null ? undefined : invalid(`/settings/${broken.name}`, broken.message)
}

function brokenSettings(settings: Site['settings'] | undefined): Refusal | undefined {
  const numbering = settings === undefined ? null : brokenNumbering(settings)
  if (numbering !== null) return invalid(`/settings${numbering.pointer}`, numbering.message)
  return brokenLinking(settings)
}

const zoneProblem = invalid('/timeZone', 'is not known to the database')

export const manageOrganization = manage<Organization, never, Partial<Pick<Organization, 'name'>>>({
  table: organizations,
  idOf: (organization) => organization.organizationId,
  siteOf: () => null,
  create: async () => ({ kind: 'forbidden', message: 'Organizations are made when the hub is set up.' }),
  update: async (_making, _before, input) => columns(columnsOf(organizations, input)),
})

export const manageSites = manage<Site, SiteCreate, SiteFields>({
  table: sites,
  idOf: (site) => site.siteId,
  siteOf: (site) => site.siteId,
  async create({ trx, access }, input) {
    if (access.siteIds !== null) return { kind: 'forbidden', message: 'A key limited to sites cannot add one.' }
    if (!(await databaseKnowsZone(trx, input.timeZone))) return zoneProblem
    return brokenSettings(input.settings) ?? columns(columnsOf(sites, named(input)))
  },
  async update({ trx }, before, input) {
    const { timeZone } = input
    if (timeZone !== undefined && timeZone !== before.timeZone && !(await databaseKnowsZone(trx, timeZone)))
      return zoneProblem
    return brokenSettings(input.settings) ?? columns(columnsOf(sites, input))
  },
  async changed({ trx, access, now }, before, site) {
    const { siteId, settings } = site
    await closeSettingChanged(trx, { ...site, organizationId: access.organizationId }, before?.settings, now)
    if (before === null) return undefined
    await askAgain(trx, { organizationId: access.organizationId, siteId }, before.settings, settings)
    return undefined
  },
})

export const manageAreas = manage<Area, AreaCreate, Patch<AreaCreate>>({
  table: areas,
  idOf: (area) => area.areaId,
  siteOf: (area) => area.siteId,
  create: async ({ trx, access }, input) =>
    (await broken(trx, access, [theSite(input.siteId)])) ?? columns(columnsOf(areas, named(input))),
  update: async (_making, _before, input) => columns(columnsOf(areas, input)),
})

const areaOf = (siteId: string, id: string | null | undefined) => ({
  pointer: '/areaId',
  table: areas,
  id,
  fits: sameSite(siteId),
})

export const manageBays = manage<Bay, BayCreate, Patch<BayCreate>>({
  table: bays,
  idOf: (bay) => bay.bayId,
  siteOf: (bay) => bay.siteId,
  create: async ({ trx, access }, input) =>
    (await broken(trx, access, [theSite(input.siteId), areaOf(input.siteId, input.areaId)])) ??
    columns(columnsOf(bays, named(input))),
  update: async ({ trx, access }, before, input) =>
    (await broken(trx, access, [areaOf(before.siteId, input.areaId)])) ?? columns(columnsOf(bays, input)),
})

export const manageLanes = manage<Lane, LaneCreate, Patch<LaneCreate>>({
  table: lanes,
  idOf: (lane) => lane.laneId,
  siteOf: (lane) => lane.siteId,
  create: async ({ trx, access }, input) =>
    (await broken(trx, access, [theSite(input.siteId), areaOf(input.siteId, input.areaId)])) ??
    columns(columnsOf(lanes, named(input))),
  update: async ({ trx, access }, before, input) =>
    (await broken(trx, access, [areaOf(before.siteId, input.areaId)])) ?? columns(columnsOf(lanes, input)),
})

const laneOf = (siteId: string, id: string | null | undefined) => ({
  pointer: '/laneId',
  table: lanes,
  id,
  fits: sameSite(siteId),
})

export const manageDevices = manage<Device, DeviceCreate, Patch<DeviceCreate>>({
  table: devices,
  idOf: (device) => device.deviceId,
  siteOf: (device) => device.siteId,
  create: async ({ trx, access }, input) =>
    (await broken(trx, access, [theSite(input.siteId), laneOf(input.siteId, input.laneId)])) ??
    columns(columnsOf(devices, named(input))),
  update: async ({ trx, access }, before, input) =>
    (await broken(trx, access, [laneOf(before.siteId, input.laneId)])) ?? columns(columnsOf(devices, input)),
})
