// Owns what may be wanted of stations: the shape of each kind of value, and what is refused with the reason.
// Must not look into the database or a certificate; the service does.

import { isSecretSetting } from '../secret-setting.ts'
import { type Check, type Fault, flag, instant, list, number, oneOf, shape, text, whole } from './check-shape.ts'
import type { DesiredKind } from './desired-item.ts'

const evse = whole(0, 1000)
/** OCPP's integers are signed; 0 is taken for "none" by some stations. */
const id = whole(1, 2 ** 31 - 1)
const seconds = whole(0, 2 ** 31 - 1)
const amount = number(-1_000_000, 1_000_000)

const period = shape({
  startSeconds: seconds,
  'limit?': number(0, 1_000_000),
  'phases?': oneOf(1, 2, 3),
  'phaseToUse?': oneOf(1, 2, 3),
  'dischargeLimit?': number(-1_000_000, 0),
  'setpoint?': amount,
  'operationMode?': text(50),
})
const schedule = shape({
  unit: oneOf('A', 'W'),
  'startAt?': instant,
  'durationSeconds?': seconds,
  'minRate?': number(0, 1_000_000),
  periods: list(period, 1, 1024),
})
const profile = shape({
  profileId: id,
  stackLevel: whole(0, 1000),
  // A transaction's profile ends with it; it is a command, not a state.
  purpose: oneOf('station_max', 'default', 'priority', 'local_generation'),
  kind: oneOf('absolute', 'daily', 'weekly', 'relative', 'dynamic'),
  'validFrom?': instant,
  'validUntil?': instant,
  schedules: list(schedule, 1, 3),
  'updateIntervalSeconds?': seconds,
  'maxOfflineSeconds?': seconds,
})

const message = shape({
  messageId: id,
  priority: oneOf('always_front', 'in_front', 'normal_cycle'),
  'state?': oneOf('charging', 'faulted', 'idle', 'unavailable', 'suspended', 'discharging'),
  'startAt?': instant,
  'endAt?': instant,
  format: oneOf('ascii', 'html', 'uri', 'utf8', 'qr'),
  'language?': text(8),
  content: text(1024, /^[^\0]*$/),
})

/** Passwords of mobile and private networks would stand in the clear here. */
const openNetwork: Check = (value, at) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return [{ pointer: at, message: 'must be an object' }]
  return Object.keys(value)
    .filter((name) => /password|pin$|^key$/i.test(name))
    .map((name) => ({ pointer: `${at}/${name}`, message: 'is a secret, which is not kept here; send it as a command' }))
}

const networkProfile = shape({
  url: text(512, /^wss?:\/\/[^\s\p{Cc}]+$/u),
  interface: oneOf('wired0', 'wired1', 'wired2', 'wired3', 'wireless0', 'wireless1', 'wireless2', 'wireless3'),
  version: oneOf('ocpp1.6', 'ocpp2.0.1', 'ocpp2.1'),
  messageTimeoutSeconds: whole(1, 3600),
  securityProfile: oneOf(0, 1, 2, 3),
  'apn?': openNetwork,
  'vpn?': openNetwork,
})

const tariff: Check = (value, at) => {
  const faults = shape({ tariffId: text(60), currency: text(3, /^[A-Z]{3}$/) })(value, at)
  // The rest is OCPP 2.1's TariffType, which the adapter checks against its schema.
  return faults.filter(({ message: words }) => words !== 'is not known here')
}

const values: Readonly<Record<DesiredKind, Check>> = {
  setting: shape({ value: text(2500, /^[^\0]*$/), 'resetAllowed?': flag }),
  local_list: shape({ 'maxEntries?': whole(1, 1_000_000) }),
  profile: shape({ 'evse?': evse, profile, 'failsafe?': flag }),
  root_certificate: shape({
    use: oneOf('v2g_root', 'mobility_root', 'central_root', 'manufacturer_root', 'oem_root'),
    pem: text(10_000, /^[^\0]*$/),
  }),
  default_tariff: shape({ 'evse?': evse, tariff }),
  display_message: shape({ message }),
  network_profile: shape({ profile: networkProfile }),
}

/** Empty when it may be wanted. */
export function checkDesired(kind: DesiredKind, key: string, value: unknown): Fault[] {
  return [...checkKey(kind, key), ...values[kind](value, '/value'), ...checkTogether(kind, value)]
}

function checkKey(kind: DesiredKind, key: string): Fault[] {
  const wrong = (words: string): Fault[] => [{ pointer: '/key', message: words }]
  if (kind === 'setting' && isSecretSetting(key))
    return wrong('is a password: rotate the secret of the station (rotate-secret) instead')
  if (kind === 'local_list' && key !== 'list') return wrong('must be "list": a station has one local list')
  if (kind === 'network_profile' && !/^\d{1,4}$/.test(key)) return wrong('must be the number of a slot')
  return []
}

interface LooseProfile {
  failsafe?: unknown
  evse?: unknown
  profile?: { purpose?: unknown; schedules?: { periods?: { startSeconds?: unknown }[] }[] }
}

function checkTogether(kind: DesiredKind, value: unknown): Fault[] {
  if (kind !== 'profile' || typeof value !== 'object' || value === null) return []
  const { failsafe, evse: at, profile: of } = value as LooseProfile
  const faults: Fault[] = []
  const { purpose } = of ?? {}
  if (failsafe === true && purpose !== 'default' && purpose !== 'station_max')
    faults.push({ pointer: '/value/failsafe', message: 'is for the purposes default and station_max' })
  // 1.6 3.13.1 and 2.0.1 K01.FR.03: this one is for the station as a whole.
  if (purpose === 'station_max' && at !== undefined && at !== 0)
    faults.push({ pointer: '/value/evse', message: 'must be left out: station_max is for the station as a whole' })
  const first = Array.isArray(of?.schedules) ? of.schedules : []
  first.forEach((one, i) => {
    const start = Array.isArray(one?.periods) ? one.periods[0]?.startSeconds : 0
    if (start !== undefined && start !== 0)
      faults.push({ pointer: `/value/profile/schedules/${i}/periods/0/startSeconds`, message: 'must be 0' })
  })
  return faults
}
