// Owns what a credential is at Flash: an account, a vehicle for each plate, a contact for each card; and reading one back.
// Must not call anybody.
import { createHash } from 'node:crypto'
import { localDate, type PreloadedCredential } from '../../core/plugin/index.ts'
import type { FlashConfig } from './config.ts'

export interface Wanted {
  account: Readonly<Record<string, unknown>>
  /** By their ids, which change with what they say: an id that stands at Flash says the right thing. */
  vehicles: ReadonlyMap<string, Readonly<Record<string, unknown>>>
  contacts: ReadonlyMap<string, Readonly<Record<string, unknown>>>
}

const withoutEnd = new Date('2099-12-31T12:00:00Z')

export type Shaped = { kind: 'ok'; value: Wanted } | { kind: 'refused'; code: string; reason: string }

/** Of several groups the first that has a profile counts. */
export function wantedOf(data: PreloadedCredential, config: FlashConfig, zone: string): Shaped {
  const group = data.groups.find((code) => Object.hasOwn(config.profileByGroup, code))
  const profile = (group === undefined ? undefined : config.profileByGroup[group]) ?? config.profile
  const plates = [
    ...data.plates.map(({ text }) => text),
    ...data.presentations.filter(({ kind }) => kind === 'plate').map(({ value }) => value),
  ].map(plainPlate)
  const cards = valuesOf(data, 'card')
  const codes = [...valuesOf(data, 'ticket'), ...valuesOf(data, 'qr')]
  const phones = valuesOf(data, 'phone')
  if (plates.length + cards.length + codes.length + phones.length === 0)
    return {
      kind: 'refused',
      code: 'no_medium',
      reason: 'Flash knows plates, cards, barcodes and phones; there is none.',
    }
  const name = (data.holder ?? data.accountNumber ?? 'Account').trim().slice(0, 100)
  const words = name.split(/\s+/)
  const last = words.pop() ?? name
  const person = { FirstName: words.join(' ') || last, LastName: last }
  const phone = phones[0]
  const rfids = cards.length > 0 || !config.phoneAsRfid ? cards : phones
  const contacts = (rfids.length > 0 ? rfids : [undefined]).map((rfid, index) => ({
    ...person,
    PrimaryContact: index === 0,
    ...(rfid === undefined ? {} : { RFIDNumber: rfid }),
    ...(index === 0 && codes[0] !== undefined ? { CustomerBarcode: codes[0] } : {}),
    ...(index === 0 && phone !== undefined ? { MobileNumber: phone } : {}),
  }))
  const vehicles = [...new Set(plates)].map((plate) => ({
    VehicleLicenseNumber: plate,
    ...(config.licenseState ? { VehicleLicenseState: config.licenseState } : {}),
  }))
  return {
    kind: 'ok',
    value: {
      account: {
        AccountType: config.accountType,
        AllowPassback: data.allowPassback,
        CompanyName: name,
        Parks: data.maxInside ?? config.parksWithoutLimit,
        ...(profile ? { Profile: profile } : {}),
        ...(config.poolName ? { PoolName: config.poolName } : {}),
        ...(data.validFrom ? { StartDate: dateOf(data.validFrom, zone, config) } : {}),
        // The last day on which it holds: an end at midnight belongs to the day before. A field that is left out keeps what it
        // said, so that "without end" has to be said, too.
        ValidUntil: dateOf(data.validUntil ? new Date(data.validUntil.getTime() - 1) : withoutEnd, zone, config),
        Status: 'Active',
      },
      vehicles: named('V', vehicles),
      contacts: named('C', contacts),
    },
  }
}

function valuesOf({ presentations }: PreloadedCredential, kind: string): string[] {
  return [...new Set(presentations.filter((one) => one.kind === kind).map(({ value }) => value.trim()))]
}

/** Flash wants plates without spaces and dashes (help centre). */
function plainPlate(text: string): string {
  return text.toUpperCase().replace(/[\s-]/g, '')
}

function dateOf(at: Date, zone: string, { dateForm }: FlashConfig): string {
  const date = localDate(at, zone)
  const [year, month, day] = date.split('-')
  return dateForm === 'iso' ? date : `${month}/${day}/${year}`
}

function named(prefix: string, things: readonly Readonly<Record<string, unknown>>[]) {
  return new Map(
    things.map((thing) => {
      const hash = createHash('sha256').update(JSON.stringify(thing)).digest('hex').slice(0, 20)
      return [`${prefix}-${hash}`, thing] as const
    }),
  )
}

export interface There {
  active: boolean
  vehicles: readonly string[]
  contacts: readonly string[]
  account: Readonly<Record<string, unknown>>
}

export function thereOf(json: Readonly<Record<string, unknown>>): There {
  const ids = (list: unknown): string[] =>
    (Array.isArray(list) ? list : []).flatMap((one: unknown) => {
      const id = typeof one === 'object' && one !== null ? (one as Record<string, unknown>).ExternalId : undefined
      return typeof id === 'string' && id !== '' ? [id] : []
    })
  return {
    active: json.Status === undefined || json.Status === 'Active',
    vehicles: ids(json.Cars),
    contacts: ids(json.Contacts),
    account: json,
  }
}

const compared = ['AllowPassback', 'Parks', 'Profile', 'Status', 'StartDate', 'ValidUntil'] as const

export function stands(there: There, wanted: Wanted): boolean {
  const same = (ours: ReadonlyMap<string, unknown>, theirs: readonly string[]) => {
    const own = new Set(theirs.filter(isOurs))
    return own.size === ours.size && [...own].every((id) => ours.has(id))
  }
  const account = compared.every((name) => {
    const want = wanted.account[name]
    return want === undefined || plainDate(there.account[name]) === plainDate(want)
  })
  return account && same(wanted.vehicles, there.vehicles) && same(wanted.contacts, there.contacts)
}

/** Dates come back in either form, with or without a time. */
function plainDate(value: unknown): unknown {
  if (typeof value !== 'string') return value
  const [, usMonth, usDay, usYear] = /^(\d{1,2})\/(\d{1,2})\/(\d{4})/.exec(value) ?? []
  if (usYear !== undefined) return `${usYear}-${usMonth?.padStart(2, '0')}-${usDay?.padStart(2, '0')}`
  return /^\d{4}-\d\d-\d\d/.exec(value)?.[0] ?? value
}

/** What people added by hand at Flash is left alone. */
export function isOurs(id: string): boolean {
  return /^[VC]-[0-9a-f]{20}$/.test(id)
}
