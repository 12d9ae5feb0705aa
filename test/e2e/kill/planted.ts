// Owns mistakes that a hub could make, put into a faultless outcome one at a time: the model must find every one.
// Must not be subtle: each is what a lost or doubled write would leave behind.
import type { Acknowledgements } from './compare.ts'
import type { Stored } from './stored.ts'

type Plant = (said: Acknowledgements, stored: Stored) => void

function first<T>(rows: readonly T[], fits: (row: T) => boolean = () => true): T {
  const found = rows.find(fits)
  if (found === undefined) throw new Error('nothing to plant a mistake in')
  return found
}

function drop<T>(rows: T[], fits?: (row: T) => boolean): void {
  rows.splice(rows.indexOf(first(rows, fits)), 1)
}

export const plants: Readonly<Record<string, Plant>> = {
  'a transaction lost': (_, { ocpp_transaction }) => drop(ocpp_transaction),
  'a transaction stored twice': (_, { ocpp_transaction }) => {
    const row = first(ocpp_transaction, (one) => one.number !== null)
    ocpp_transaction.push({ ...row, transaction_id: 'another', number: (row.number ?? 0) + 1000 })
  },
  'an end lost': (_, { ocpp_transaction }) => {
    first(ocpp_transaction).ended_at = null
  },
  'a number given twice': ({ acked }) => {
    const [one, other] = acked.filter(
      (message) => message.action === 'StartTransaction' && message.stationId === 'CP-1',
    )
    if (one === undefined || other === undefined) throw new Error('nothing to plant a mistake in')
    other.outcome.payload = { ...one.outcome.payload }
  },
  'a number free again': (_, { station }) => {
    first(station, (row) => row.next_transaction_number > 1).next_transaction_number = 1
  },
  'a transaction event lost': (_, { transaction_event }) => drop(transaction_event, (row) => row.kind === 'updated'),
  'a meter value lost': (_, { meter_value }) => drop(meter_value, (row) => row.context === 'periodic'),
  'a register changed': (_, { meter_value }) => {
    const row = first(meter_value, (one) => one.register_wh !== null)
    row.register_wh = (row.register_wh ?? 0) + 1
  },
  'a status lost': ({ acked }, { connector_status }) => {
    const told = first(acked, (message) => message.action === 'StatusNotification')
    const at = new Date(String(told.payload?.timestamp)).getTime()
    for (let i = connector_status.length - 1; i >= 0; i--) {
      if (connector_status[i]?.at.getTime() === at) connector_status.splice(i, 1)
    }
  },
  'a frame missing in the journal': ({ acked }, { station_message }) => {
    const { outcome } = first(acked, (message) => message.action === 'MeterValues')
    drop(station_message, (row) => row.direction === 'in' && row.frame.includes(outcome.messageId))
  },
  'a session without its transaction': (_, { charging_session }) => {
    first(charging_session, (row) => row.state !== 'void').state = 'void'
  },
  'energy counted twice': (_, { charging_session }) => {
    first(charging_session, (row) => row.state !== 'void').energy_wh *= 2
  },
  'a fact lost': (_, { parking_fact }) => drop(parking_fact),
  'a fact stored twice': (_, { parking_fact }) => void parking_fact.push(first(parking_fact)),
  'a fact changed': (_, { parking_fact }) => {
    first(parking_fact, (row) => row.type === 'payment.captured').data = {}
  },
  'an old revision that counts': (_, { parking_fact }) => {
    first(parking_fact, (row) => row.superseded).superseded = false
  },
  'a stay open for ever': (_, { stay }) => {
    first(stay).exited_at = null
  },
  'a payment stored twice': (_, { payment }) => void payment.push({ ...first(payment), payment_id: 'another' }),
  'a link missing': (_, { link }) => drop(link, (row) => row.state === 'linked'),
  'energy billed twice': (_, { bill, bill_line }) => {
    const line = first(bill_line, (row) => row.kind === 'ENERGY' && row.total_minor > 0)
    const other = first(bill, (row) => row.bill_id !== line.bill_id)
    bill_line.push({ ...line, bill_id: other.bill_id })
  },
  'a bill line lost': (_, { bill_line }) => drop(bill_line, (row) => row.kind === 'PARKING'),
  'a bill number missing': (_, { bill }) => {
    first(bill, (row) => row.number === 2).number = 1_000
  },
  'a bill that is not in the journal': (_, { journal_entry }) =>
    drop(journal_entry, (row) => row.source_type === 'bill'),
  'a posting of other money': (_, { journal_posting }) => {
    first(journal_posting).amount_minor += 1
  },
}
