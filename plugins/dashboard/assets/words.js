// Owns the words and signs of the dashboard: what each state, kind and event of the API is called on the screen.
// Must not decide which state something is in.
import { h } from './elements.js'
import { energy, money } from './formats.js'
import { icon } from './icons.js'

/** tone: which colour stands beside icon and word, never alone. */
export const bayStates = {
  fault: { icon: 'fault', label: 'Fault', tone: 'bad' },
  offline: { icon: 'offline', label: 'Offline', tone: 'off' },
  charging: { icon: 'bolt', label: 'Charging', tone: 'good' },
  overstay: { icon: 'overstay', label: 'Overstay', tone: 'warn' },
  idle: { icon: 'idle', label: 'Idle', tone: 'warn' },
  paused: { icon: 'pause', label: 'Paused', tone: 'calm' },
  plugged: { icon: 'plug', label: 'Plugged in', tone: 'calm' },
  reserved: { icon: 'reserved', label: 'Reserved', tone: 'calm' },
  blocked: { icon: 'blocked', label: 'Out of service', tone: 'off' },
  parked: { icon: 'car', label: 'Parked', tone: 'park' },
  free: { icon: 'free', label: 'Free', tone: 'none' },
  unknown: { icon: 'unknown', label: 'Not known', tone: 'off' },
  bare: { icon: 'unknown', label: 'No sensor', tone: 'none' },
}

export const connectorStates = {
  available: 'Available',
  preparing: 'Plugged in',
  charging: 'Charging',
  suspended_vehicle: 'Paused by car',
  suspended_station: 'Paused by station',
  finishing: 'Finishing',
  occupied: 'Occupied',
  reserved: 'Reserved',
  unavailable: 'Out of service',
  faulted: 'Fault',
  unknown: 'Not known',
}

export const parkerKinds = {
  transient: 'Visitor',
  contract: 'Contract',
  member: 'Member',
  reservation: 'Reservation',
}

export const bayKinds = {
  ev: 'charging bay',
  standard: 'standard bay',
  accessible: 'accessible bay',
  ev_accessible: 'accessible charging bay',
}

export const linkMethods = {
  credential: 'Same credential',
  'card-form': 'Same card, written otherwise',
  account: 'Same account',
  vehicle: 'Same vehicle',
  plate: 'Same plate',
  'plate-fuzzy': 'Similar plate',
  bay: 'Same bay',
  'bay-plate': 'Plate read at the bay',
  ticket: 'Same ticket',
  time: 'Times',
  person: 'A person',
}

export const linkStates = {
  linked: 'Linked',
  review: 'Waits for review',
  rejected: 'Rejected',
  unlinked: 'Taken apart',
  withdrawn: 'Withdrawn',
}

export const sessionStates = { active: 'Running', ended: 'Ended, still plugged in', closed: 'Closed', void: 'Void' }

export const plugStates = {
  connected: 'Plugged in, not charging yet',
  charging: 'Charging',
  suspended_vehicle: 'The car takes no energy',
  suspended_station: 'The station holds the energy back',
  finished: 'Charging is over, the cable is in',
}

export const connectionStates = {
  running: { label: 'Running', tone: 'good', icon: 'check' },
  starting: { label: 'Starting', tone: 'calm', icon: 'waiting' },
  retrying: { label: 'Trying again', tone: 'warn', icon: 'waiting' },
  degraded: { label: 'Degraded', tone: 'warn', icon: 'fault' },
  needs_credentials: { label: 'Needs credentials', tone: 'bad', icon: 'fault' },
  misconfigured: { label: 'Wrong configuration', tone: 'bad', icon: 'fault' },
  failed: { label: 'Failed', tone: 'bad', icon: 'fault' },
  incompatible: { label: 'Not for this hub', tone: 'bad', icon: 'fault' },
  stopping: { label: 'Stopping', tone: 'off', icon: 'waiting' },
  disabled: { label: 'Disabled', tone: 'off', icon: 'blocked' },
}

export const deviceStates = {
  ok: { label: 'Working', tone: 'good', icon: 'check' },
  warning: { label: 'Warning', tone: 'warn', icon: 'fault' },
  fault: { label: 'Fault', tone: 'bad', icon: 'fault' },
  offline: { label: 'Offline', tone: 'off', icon: 'offline' },
  unknown: { label: 'Not known', tone: 'off', icon: 'unknown' },
}

export const evBayStates = {
  free: { label: 'Free', tone: 'none', icon: 'free' },
  charging: { label: 'Charging', tone: 'good', icon: 'bolt' },
  plugged_idle: { label: 'Full, still there', tone: 'warn', icon: 'idle' },
  occupied_not_charging: { label: 'Not charging', tone: 'bad', icon: 'car' },
  out_of_order: { label: 'Out of order', tone: 'off', icon: 'fault' },
  reserved: { label: 'Reserved', tone: 'calm', icon: 'reserved' },
}

export const paymentStates = {
  requested: { label: 'Asked for', tone: 'calm', icon: 'waiting' },
  authorising: { label: 'Waits for the driver', tone: 'calm', icon: 'waiting' },
  authorised: { label: 'Held', tone: 'calm', icon: 'reserved' },
  capturing: { label: 'Being taken', tone: 'calm', icon: 'waiting' },
  captured: { label: 'Paid', tone: 'good', icon: 'check' },
  declined: { label: 'Declined', tone: 'bad', icon: 'blocked' },
  cancelled: { label: 'Cancelled', tone: 'off', icon: 'cross' },
  expired: { label: 'Too late', tone: 'off', icon: 'overstay' },
}

export const disputeStates = {
  open: { label: 'Open', tone: 'warn', icon: 'waiting' },
  accepted: { label: 'Accepted', tone: 'good', icon: 'check' },
  refused: { label: 'Refused', tone: 'bad', icon: 'blocked' },
  withdrawn: { label: 'Withdrawn', tone: 'off', icon: 'undo' },
}

export const exportStates = {
  ready: { label: 'Ready', tone: 'calm', icon: 'waiting' },
  delivered: { label: 'Delivered', tone: 'good', icon: 'check' },
  cancelled: { label: 'Cancelled', tone: 'off', icon: 'cross' },
}

export const invoiceStates = {
  issued: { label: 'Open', tone: 'calm', icon: 'waiting' },
  part_paid: { label: 'Paid in part', tone: 'calm', icon: 'waiting' },
  paid: { label: 'Paid', tone: 'good', icon: 'check' },
  overdue: { label: 'Overdue', tone: 'bad', icon: 'overstay' },
  written_off: { label: 'Written off', tone: 'off', icon: 'cross' },
}

export const membershipStates = {
  scheduled: { label: 'Begins later', tone: 'calm', icon: 'waiting' },
  active: { label: 'Active', tone: 'good', icon: 'check' },
  paused: { label: 'Paused', tone: 'warn', icon: 'pause' },
  ended: { label: 'Ended', tone: 'off', icon: 'cross' },
}

export const payMethods = {
  bank: 'Bank transfer',
  direct_debit: 'Direct debit',
  card: 'Card',
  cash: 'Cash',
  cheque: 'Cheque',
}

export const creditKinds = { goodwill: 'Goodwill', correction: 'Correction', dispute: 'Dispute' }

export const actionStates = {
  queued: { label: 'Waits', tone: 'calm', icon: 'waiting' },
  sent: { label: 'Sent', tone: 'calm', icon: 'waiting' },
  done: { label: 'Done', tone: 'good', icon: 'check' },
  refused: { label: 'Refused', tone: 'bad', icon: 'blocked' },
  unknown: { label: 'Answer lost', tone: 'warn', icon: 'unknown' },
  expired: { label: 'Too late', tone: 'off', icon: 'overstay' },
  superseded: { label: 'Replaced', tone: 'off', icon: 'undo' },
  cancelled: { label: 'Cancelled', tone: 'off', icon: 'cross' },
}

export const parkingActions = {
  'credential.put': 'Make known',
  'credential.remove': 'Take away',
  'stay.validate': 'Validate',
  'stay.promote': 'Discount',
  'stay.product': 'Change product',
  'stay.prepay': 'Prepay',
  'stay.confirm': 'Confirm the bill',
  'lane.open': 'Open the lane',
  'counter.set': 'Set the counter',
}

export const readerKinds = { plate: 'Plate camera', card: 'Card reader', space: 'Space sensor' }

export const readerRoles = { entry: 'Entry', exit: 'Exit', both: 'Entry and exit', zone: 'Passage inside', bay: 'Bay' }

export const passagePolicies = {
  evidence: 'A parking system runs the gate; reads are evidence',
  passes: 'No gate: the read is the passage',
  asks: 'The read asks whether the car may pass',
}

export const credentialStates = {
  active: { label: 'Active', tone: 'good', icon: 'check' },
  blocked: { label: 'Blocked', tone: 'warn', icon: 'blocked' },
  revoked: { label: 'Revoked', tone: 'off', icon: 'cross' },
}

/** A state as its sign and word. */
export function signOf(words, state) {
  const { tone, icon: sign, label } = words[state] ?? { tone: 'off', icon: 'unknown', label: plain(state) }
  return h('span.state', { class: `tone-${tone}` }, icon(sign), label)
}

/** "parcs_http" and "entry_column" as a person would write them. */
export function plain(name) {
  const text = String(name).replaceAll(/[_.-]+/g, ' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

const factTypes = {
  'gate.requested': 'Asked to pass',
  'gate.decided': 'Gate decided',
  'gate.passed': 'Passed the gate',
  'gate.backedOut': 'Backed out',
  'stay.opened': 'Stay opened by the parking system',
  'stay.closed': 'Stay closed by the parking system',
  'stay.corrected': 'Stay corrected',
  'stay.voided': 'Stay voided',
  'payment.captured': 'Paid',
  'payment.refunded': 'Refunded',
  'payment.failed': 'Payment failed',
  'discount.applied': 'Discount',
  'credential.observed': 'Seen',
  'bay.changed': 'Bay changed',
}

const directions = { entry: 'Drove in', exit: 'Drove out', internal: 'Passed inside' }

/** One item of a stay's timeline in a few words: what happened, and the rest in small. */
export function factWords({ type, lane, data }) {
  const what =
    type === 'gate.passed' ? (directions[data.direction] ?? factTypes[type]) : (factTypes[type] ?? plain(type))
  const details = []
  if (lane !== null) details.push(`lane ${lane}`)
  if (data.decision) details.push(String(data.decision))
  if (typeof data.bay === 'string') details.push(`bay ${data.bay}`)
  if (typeof data.occupied === 'boolean') details.push(data.occupied ? 'car came' : 'car left')
  for (const shown of Array.isArray(data.credentials) ? data.credentials : []) {
    if (shown?.value) details.push(`${shown.kind ?? 'credential'} ${shown.value}`)
  }
  if (Number.isSafeInteger(data.amountMinor) && typeof data.currency === 'string') {
    details.push(money(data.amountMinor, data.currency))
  }
  if (data.method) details.push(String(data.method))
  if (data.reason) details.push(String(data.reason))
  return { what, details: details.join(' · ') }
}

/**
 * An event as one line of the activity list: icon, tone, words, and what it opens. `names` finds what people call a station or a
 * stay. Null for events that are no news to a person.
 */
export function eventWords({ type, data }, names) {
  const station = () => names.station(data.stationId)
  const plug = () => names.plug(data.stationId, data.evse)
  const session = { kind: 'session', id: data.sessionId }
  const stay = { kind: 'stay', id: data.stayId }
  switch (type) {
    case 'station.connected':
      return { icon: 'online', tone: 'good', text: `${station()} is connected` }
    case 'station.disconnected':
      return { icon: 'offline', tone: 'off', text: `${station()} lost its connection` }
    case 'station.booted':
      return { icon: 'restart', tone: 'calm', text: `${station()} has started up` }
    case 'station.pending':
      return { icon: 'station', tone: 'warn', text: `Unknown station ${data.code} dialled in` }
    case 'connector.status_changed':
      if (data.status !== 'faulted') return null
      return {
        icon: 'fault',
        tone: 'bad',
        text: `${plug()} reports a fault${data.errorCode ? `: ${data.errorCode}` : ''}`,
      }
    case 'charging_session.started':
      return { icon: 'bolt', tone: 'good', text: `Charging began at ${plug()}`, opens: session }
    case 'charging_session.ended':
      return {
        icon: 'plug',
        tone: 'calm',
        text: `Charging ended at ${plug()}, ${energy(data.energyWh)}`,
        opens: session,
      }
    case 'charging_session.closed':
      return { icon: 'plug', tone: 'calm', text: `Unplugged at ${plug()}, ${energy(data.energyWh)}`, opens: session }
    case 'charging_session.corrected':
      return { icon: 'edit', tone: 'calm', text: `Session at ${plug()} was corrected`, opens: session }
    case 'gate.declined':
      return { icon: 'blocked', tone: 'warn', text: `Gate ${data.lane} refused: ${plain(data.reason).toLowerCase()}` }
    case 'gate.backed_out':
      return { icon: 'car', tone: 'calm', text: `A car backed out${data.lane ? ` of lane ${data.lane}` : ''}` }
    case 'stay.opened':
      return { icon: 'car', tone: 'park', text: `${names.stay(data.stayId)} drove in`, opens: stay }
    case 'stay.corrected':
      return { icon: 'edit', tone: 'calm', text: `${names.stay(data.stayId)}: stay corrected`, opens: stay }
    case 'stay.closed':
      return { icon: 'exit', tone: 'park', text: `${names.stay(data.stayId)} drove out`, opens: stay }
    case 'stay.voided':
      return { icon: 'blocked', tone: 'calm', text: `${names.stay(data.stayId)}: stay voided`, opens: stay }
    case 'equipment.changed':
      if (data.state === 'ok')
        return { icon: 'check', tone: 'good', text: `${names.device(data.deviceId)} works again` }
      return {
        icon: 'fault',
        tone: 'warn',
        text: `${names.device(data.deviceId)}: ${data.text ?? deviceStates[data.state]?.label ?? data.state}`,
      }
    case 'payment.recorded':
      return {
        icon: 'money',
        tone: 'good',
        text: `${data.kind === 'refunded' ? 'Refunded' : data.kind === 'failed' ? 'Payment failed' : 'Paid'}: ${money(data.amountMinor, data.currency)}`,
        ...(data.stayId === null ? {} : { opens: stay }),
      }
    case 'link.linked':
      return {
        icon: 'link',
        tone: 'link',
        text: `${names.stay(data.stayId)} linked to its charging (${(linkMethods[data.method] ?? data.method).toLowerCase()})`,
        opens: stay,
      }
    case 'link.review':
      return { icon: 'review', tone: 'link', text: `${names.stay(data.stayId)}: a link waits for review`, opens: stay }
    case 'link.removed':
      return { icon: 'unlink', tone: 'link', text: `${names.stay(data.stayId)}: a link was removed`, opens: stay }
    case 'bill.issued':
      return { icon: 'bill', tone: 'good', text: `Bill ${data.number}: ${money(data.totalMinor, data.currency)}` }
    case 'bill.adjusted':
      return { icon: 'bill', tone: 'warn', text: `Adjustment ${data.number}: ${money(data.totalMinor, data.currency)}` }
    case 'review.opened':
      return { icon: 'review', tone: 'warn', text: `To check: ${data.reason}` }
    case 'command.finished':
      return {
        icon: 'command',
        tone: 'calm',
        text: `${plain(data.name)} at ${station()}: ${plain(data.outcome ?? data.state).toLowerCase()}`,
      }
    case 'connection.state_changed':
      return {
        icon: 'connection',
        tone: connectionStates[data.state]?.tone ?? 'calm',
        text: `Connection: ${(connectionStates[data.state]?.label ?? data.state).toLowerCase()}${data.reason ? `, ${data.reason}` : ''}`,
      }
    default:
      return null
  }
}
