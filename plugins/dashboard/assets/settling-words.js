// Owns what kinds, classes and states of reconciliation and of settling with partners are called on the screen.
// Must not decide which state something is in.
import { kwhText, money } from './formats.js'

export const runKinds = {
  parcs_stays: 'Told by the parking system',
  parcs_report: 'Report of the parking system',
  session_energy: 'Energy of sessions',
  meter_readings: 'Readings of meters',
  processor_settlement: 'Settlement of a card processor',
}

/** What is held against what, in a sentence. */
export const runKindNotes = {
  parcs_stays: 'Final prices and payments that the parking system told, against parking on bills and payments booked.',
  parcs_report: 'The day or shift report of the parking system, as a file, against payments that it told the hub.',
  session_energy: 'Energy metered in each session, against energy on its bills.',
  meter_readings: 'A meter’s register, as a file, against sessions at the chargers behind it.',
  processor_settlement:
    'Charges, refunds, fees and payouts of a card processor, as a file, against money that the hub took.',
}

export const runStates = {
  agreed: { label: 'Agreed', tone: 'good', icon: 'check' },
  differs: { label: 'Differs', tone: 'warn', icon: 'fault' },
}

export const itemClasses = {
  matched: 'The same',
  amount_differs: 'Another amount',
  day_differs: 'Another day',
  missing_here: 'Missing here',
  missing_there: 'Missing there',
  duplicate_here: 'Twice here',
  duplicate_there: 'Twice there',
  ambiguous: 'Could be several',
}

export const itemStates = {
  agreed: { label: 'Agreed', tone: 'good', icon: 'check' },
  open: { label: 'Open', tone: 'warn', icon: 'waiting' },
  explained: { label: 'Explained', tone: 'calm', icon: 'review' },
  accepted: { label: 'Accepted', tone: 'good', icon: 'person' },
  closed: { label: 'Gone', tone: 'off', icon: 'cross' },
}

export const rowSorts = {
  payment: 'Payments',
  price: 'Prices',
  total: 'Sums',
  net: 'Net amounts',
  fee: 'Fees',
  payout: 'Payouts',
  energy: 'Energy',
  meter: 'Meters',
}

export const decisionKinds = { match: 'Matched', unmatch: 'Taken apart', accept: 'Accepted', reopen: 'Opened again' }

export const matchWays = { reference: 'by reference', likeness: 'by amount, place and time', person: 'by a person' }

/** Energy is told exactly: what differs is often less than what rounding would take away. */
export const amountIn = (amount, unit) => (unit === 'Wh' ? `${kwhText(amount)} kWh` : money(amount, unit))

export const directions = { owes_us: 'Owes us', we_owe: 'We owe' }
export const partnerRoles = { principal: 'Sells in its own name', agent: 'Sells for us or the owner' }
export const editions = ['2.2.1', '2.3.0', '2.2', '2.1.1']

export const cdrStates = {
  agreed: { label: 'Agreed', tone: 'good', icon: 'check' },
  differs: { label: 'Differs', tone: 'warn', icon: 'fault' },
  conflict: { label: 'Came twice', tone: 'bad', icon: 'review' },
  replaced: { label: 'Does not count', tone: 'off', icon: 'cross' },
}

export const differenceClasses = {
  matched: 'The same',
  within_tolerance: 'Within tolerance',
  rounding: 'Rounding',
  step_edition: 'Steps of another edition',
  wrong_zone: 'Wrong time zone',
  missing_period: 'Missing period',
  clamp: 'Least or highest price',
  tax: 'Tax',
  tariff: 'Another tariff',
  energy: 'Energy',
  credit: 'Credit',
  currency: 'Currency',
  unpriceable: 'Cannot be priced',
  no_session: 'No session',
  same_session: 'Session told twice',
  unknown: 'No known reason',
}

export const recordDisputeStates = {
  open: { label: 'Open', tone: 'warn', icon: 'waiting' },
  answered: { label: 'Answered', tone: 'calm', icon: 'review' },
  settled: { label: 'Settled', tone: 'good', icon: 'check' },
}

export const statementStates = {
  draft: { label: 'Draft', tone: 'warn', icon: 'edit' },
  sent: { label: 'Sent', tone: 'calm', icon: 'waiting' },
  agreed: { label: 'Agreed', tone: 'calm', icon: 'check' },
  paid: { label: 'Paid', tone: 'good', icon: 'money' },
}

export const importStatuses = {
  stored: { label: 'Taken in', tone: 'good', icon: 'check' },
  duplicate: { label: 'Was here already', tone: 'calm', icon: 'undo' },
  conflict: { label: 'Other content', tone: 'warn', icon: 'review' },
  rejected: { label: 'Refused', tone: 'bad', icon: 'blocked' },
}

/** `[[value, words]]` of a table of words or of states. */
export const optionsOf = (words) =>
  Object.entries(words).map(([value, said]) => [value, typeof said === 'string' ? said : said.label])
