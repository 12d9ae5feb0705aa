// Owns the words of one station's page: commands, what a station tells, how things stand with it, who asked.
// Must not decide which state something is in.
import { counted } from './formats.js'
import { plain } from './words.js'

export const commandStates = {
  queued: { label: 'Waits for the station', tone: 'calm', icon: 'waiting' },
  sent: { label: 'Sent, not answered yet', tone: 'calm', icon: 'waiting' },
  answered: { label: 'Answered', tone: 'calm', icon: 'check' },
  timed_out: { label: 'No answer in time', tone: 'warn', icon: 'overstay' },
  expired: { label: 'Not reached in time', tone: 'warn', icon: 'overstay' },
  superseded: { label: 'Replaced by a newer one', tone: 'off', icon: 'undo' },
  cancelled: { label: 'Withdrawn', tone: 'off', icon: 'undo' },
  failed: { label: 'Failed', tone: 'bad', icon: 'fault' },
}

export const outcomes = {
  pending: { label: 'Accepted, not over yet', tone: 'calm' },
  accepted: { label: 'Accepted', tone: 'good' },
  refused: { label: 'Refused', tone: 'bad' },
  started: { label: 'Charging began', tone: 'good' },
  not_started: { label: 'Charging did not begin', tone: 'bad' },
  completed: { label: 'Done', tone: 'good' },
  failed: { label: 'Failed', tone: 'bad' },
  incomplete: { label: 'Came only in part', tone: 'warn' },
  unknown: { label: 'Not known', tone: 'warn' },
}

export const knownStates = {
  drifted: { label: 'Not as wanted', tone: 'bad', icon: 'fault' },
  refused: { label: 'Refused', tone: 'bad', icon: 'blocked' },
  pending: { label: 'Being brought about', tone: 'calm', icon: 'waiting' },
  unsupported: { label: 'Not supported', tone: 'off', icon: 'blocked' },
  unknown: { label: 'Not known yet', tone: 'off', icon: 'unknown' },
  in_line: { label: 'In line', tone: 'good', icon: 'check' },
}

export const desiredKinds = {
  setting: 'Setting',
  local_list: 'List of cards',
  profile: 'Charging profile',
  root_certificate: 'Root certificate',
  default_tariff: 'Tariff',
  display_message: 'Message on its screen',
  network_profile: 'Network profile',
}

export const desiredScopes = {
  organization: 'everywhere',
  site: 'at this site',
  model: 'for its model',
  station: 'for this station',
}

export const certificateStates = {
  requested: { label: 'Asked for', tone: 'calm', icon: 'waiting' },
  issued: { label: 'Issued', tone: 'calm', icon: 'waiting' },
  installed: { label: 'Installed', tone: 'good', icon: 'check' },
  refused: { label: 'Refused', tone: 'bad', icon: 'blocked' },
  revoked: { label: 'Revoked', tone: 'bad', icon: 'blocked' },
  expired: { label: 'Expired', tone: 'bad', icon: 'overstay' },
}

export const changeStates = {
  requested: { label: 'Asked for', tone: 'calm', icon: 'waiting' },
  sent: { label: 'Told to the station', tone: 'calm', icon: 'waiting' },
  applied: { label: 'In force', tone: 'good', icon: 'check' },
  failed: { label: 'Failed', tone: 'bad', icon: 'fault' },
  cancelled: { label: 'Taken back', tone: 'off', icon: 'undo' },
}

const profiles = ['no password', 'password', 'password over TLS', 'certificate over TLS']

/** OCPP security profiles (2.0.1 A00.FR.201 and following); 0 is none of them. */
export function profileWord(profile) {
  return profiles[profile] ? `${profile}, ${profiles[profile]}` : String(profile)
}

export const flagOrigins = { standard: 'the standard', profile: 'what is known of its model', operator: 'an operator' }

/** Who asked for something; `actor` is who looks at the page. */
export function askerWord(requestedBy, actor) {
  if (requestedBy === actor) return 'this key'
  if (requestedBy === 'hub' || requestedBy.startsWith('hub:')) return 'the hub'
  if (requestedBy.startsWith('key:')) return 'another key'
  return requestedBy.startsWith('user:') ? 'a person' : requestedBy
}

const topics = {
  'firmware.status': 'Its firmware',
  'publish_firmware.status': 'Firmware for its neighbours',
  'log.status': 'Its log',
  'security.event': 'Security',
  'reservation.status': 'A reservation',
  'report.part': 'Part of a report',
  'station.events': 'Its components',
  'charging_limit.set': 'A limit from outside',
  'charging_limit.cleared': 'A limit from outside is gone',
  'ev.schedule': "The car's plan",
  priority_charging: 'Priority charging',
  'der.alarm': 'Grid alarm',
  'der.started_stopped': 'Grid control',
  'battery.swap': 'Battery swap',
  'stream.values': 'Values of a stream',
  'stream.closed': 'A stream was closed',
  'stream.open': 'Asked to open a stream',
  'certificate.sign': 'Asked for a certificate',
  'certificate.status': 'Asked whether a certificate is good',
  'certificate.chain_status': 'Asked whether a chain is good',
  'contract.certificate': 'Asked for a contract certificate',
  'ev.needs': 'What the car needs',
  'schedule.pull': 'Asked for a new plan',
  'payment.settled': 'A payment was settled',
  'vat_number.check': 'Asked about a tax number',
}

export const topicWord = (topic) => topics[topic] ?? plain(topic)

/** What a notice holds, in as few words as say it. */
export function noticeDetails({ topic, data }) {
  switch (topic) {
    case 'firmware.status':
    case 'publish_firmware.status':
    case 'log.status':
    case 'reservation.status':
      return listed(plain(data.status), data.info, data.file)
    case 'security.event':
      return listed(data.type, data.info)
    case 'report.part':
      return listed(
        `${plain(data.report)}, part ${data.sequence + 1}`,
        counted(data.items?.length ?? 0, 'item'),
        data.last ? 'the last' : null,
      )
    case 'station.events':
      return listed(
        ...(data.events ?? [])
          .slice(0, 3)
          .map(({ component, variable, actualValue }) => `${component} ${variable}: ${actualValue}`),
        data.events?.length > 3 ? `and ${data.events.length - 3} more` : null,
      )
    default:
      return short(data)
  }
}

const listed = (...parts) => parts.filter(Boolean).join(' · ')

/** Any value on one line: a text as it is, else names with their values, cut where it grows long. */
export function short(value, most = 140) {
  const text = flat(value)
  return text.length > most ? `${text.slice(0, most - 1)}…` : text
}

function flat(value) {
  if (value === null || value === undefined) return ''
  if (typeof value !== 'object') return String(value)
  if (Array.isArray(value)) return value.map((one) => (isPlain(one) ? String(one) : JSON.stringify(one))).join(', ')
  return Object.entries(value)
    .map(
      ([name, one]) =>
        `${name} ${isPlain(one) || (Array.isArray(one) && one.every(isPlain)) ? flat(one) : JSON.stringify(one)}`,
    )
    .join(', ')
}

const isPlain = (value) => value === null || typeof value !== 'object'
