// Owns the query parameters of APDS 4.0: which there are, what each may be, and the question they make together.
// Must not be strict about names: a parameter that is not known here is no reason to refuse.
import { plainText } from '../credential-words.ts'
import { kindOfType } from '../objects.ts'
import { Refusal } from './answer.ts'

const expands = {
  places: [
    'rightSpecifications',
    'occupancy',
    'areaLocation',
    'pointLocation',
    'contacts',
    'operatingRestrictions',
    'characteristics',
    'paymentMethods',
    'openingTimes',
    'streetAddress',
  ],
  specs: ['rateEligibility', 'validity', 'credentials', 'rightPools'],
  rates: ['rateLineCollections', 'rateLineCollections.rateLines'],
  sessions: ['credentials', 'vehicleAncillaryIdentification', 'segments', 'segments.space', 'segments.assignedRight'],
  rights: ['plannedUses', 'assignedRightIssuer'],
  contacts: [],
} as const satisfies Record<string, readonly string[]>
export type Collection = keyof typeof expands

const placeTypes = ['campus', 'identifiedArea', 'place', 'space', 'subplaceElement']
const rightTypes = [
  'accessPermission',
  'loadingUnloading',
  'oneTimeUseParking',
  'permitParking',
  'setdownPickup',
  'waiting',
]

export interface Query {
  page: number
  version?: number
  modifiedSince?: Date
  startBefore?: Date
  startAfter?: Date
  endBefore?: Date
  endAfter?: Date
  places?: readonly string[]
  types?: readonly string[]
  /** In plain letters and digits. */
  credentialIds?: readonly string[]
  credentialTypes?: readonly string[]
  rightSpecs?: readonly string[]
  rightTypes?: readonly string[]
  issuer?: string
  operator?: string
  name?: string
  layer?: number
  near?: { latitude: number; longitude: number; radius: number }
  /** Contacts have a type of their own. */
  contactType?: string
  expand(name: string): boolean
  /** Everything but the page: the same list is asked for. */
  key: string
}

/** @throws Refusal 400 naming the parameter */
export function readQuery(url: URL, collection: Collection): Query {
  const text = (name: string) => url.searchParams.get(name) || undefined
  const whole = (name: string, least: number, most = 253_402_300_799): number | undefined => {
    const value = text(name)
    if (value === undefined) return undefined
    const number = /^\d{1,12}$/.test(value) ? Number(value) : Number.NaN
    if (!(number >= least && number <= most)) throw new Refusal(400, `${name} must be an integer from ${least}.`)
    return number
  }
  const number = (name: string, most: number): number | undefined => {
    const value = text(name)
    if (value === undefined) return undefined
    const parsed = /^-?\d{1,3}(\.\d{1,20})?$/.test(value) ? Number(value) : Number.NaN
    if (!(Math.abs(parsed) <= most)) throw new Refusal(400, `${name} must be a number from -${most} to ${most}.`)
    return parsed
  }
  const instant = (name: string) => {
    const seconds = whole(name, 0)
    return seconds === undefined ? undefined : new Date(seconds * 1_000)
  }
  const list = (name: string, words?: readonly string[]) => {
    const values = url.searchParams
      .getAll(name)
      .flatMap((value) => value.split(','))
      .map((value) => value.trim())
      .filter(Boolean)
    const strange = words && values.find((value) => !words.includes(value))
    if (strange) throw new Refusal(400, `${name} knows ${words.join(', ')}; not "${strange.slice(0, 60)}".`)
    return values.length > 0 ? values : undefined
  }
  const expand = new Set(list('expand', ['all', 'none', ...expands[collection]]))
  const circle = [number('latitude', 90), number('longitude', 180), whole('radius', 0, 50_000_000)] as const
  const [latitude, longitude, radius] = circle
  if (circle.some((one) => one !== undefined) && circle.some((one) => one === undefined))
    throw new Refusal(400, 'latitude, longitude and radius are only meant together.')
  const rest = [...url.searchParams].filter(([name]) => name !== 'page').sort(([a], [b]) => (a < b ? -1 : 1))
  return defined({
    page: whole('page', 1, 1_000_000) ?? 1,
    version: whole('version', 1),
    modifiedSince: instant('modified_since'),
    startBefore: instant('start_before'),
    startAfter: instant('start_after'),
    endBefore: instant('end_before'),
    endAfter: instant('end_after'),
    places: list('place'),
    types: collection === 'contacts' ? undefined : list('type', placeTypes),
    contactType: collection === 'contacts' ? text('type') : undefined,
    credentialIds: list('credential_id')?.map(plainText),
    credentialTypes: list('credential_type', Object.keys(kindOfType)),
    rightSpecs: list('right_spec'),
    rightTypes: list('right_type', rightTypes),
    issuer: text('issuer'),
    operator: text('operator'),
    name: text('name'),
    layer: whole('layer', 0),
    near:
      latitude === undefined || longitude === undefined || radius === undefined
        ? undefined
        : { latitude, longitude, radius },
    expand: (name: string) =>
      expand.has('all') ||
      expand.has(name) ||
      (name.includes('.') ? false : [...expand].some((each) => each.startsWith(`${name}.`))),
    key: `${collection}?${new URLSearchParams(rest)}`,
  })
}

type Present<T> = { [K in keyof T]: T[K] | undefined }

function defined(query: Present<Query> & Pick<Query, 'page' | 'expand' | 'key'>): Query {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as unknown as Query
}
