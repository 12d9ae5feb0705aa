// Owns which fields of which facts a column may fill, what each is read as, and the header words by which each is known.
// Must not read a cell.
import type { ParkingFactType } from '../../../core/plugin/index.ts'

export type ValueKind = 'text' | 'instant' | 'money' | 'whole' | 'number' | 'yesNo' | 'choice'

export interface FieldShape {
  title: string
  kind: ValueKind
  choices?: readonly string[]
  /** Header words, lower case and without blanks and signs; the first are the likeliest. */
  known: readonly string[]
}

const parkerKinds = ['transient', 'contract', 'member', 'reservation'] as const

export const fields = {
  occurredAt: {
    title: 'Time',
    kind: 'instant',
    known: [
      'time',
      'datetime',
      'timestamp',
      'transactiontime',
      'eventtime',
      'zeit',
      'zeitpunkt',
      'datum',
      'date',
      'fecha',
    ],
  },
  revision: { title: 'Revision', kind: 'whole', known: ['revision', 'version', 'rev'] },
  stayRef: {
    title: 'Reference of the stay',
    kind: 'text',
    known: [
      'stayid',
      'stay',
      'sessionid',
      'transactionid',
      'transactionno',
      'transaktion',
      'parkingid',
      'reference',
      'vorgang',
    ],
  },
  lane: { title: 'Lane', kind: 'text', known: ['lane', 'laneid', 'gate', 'spur', 'entrylane', 'column'] },
  device: { title: 'Device', kind: 'text', known: ['device', 'deviceno', 'deviceid', 'terminal', 'gerat', 'geraet'] },
  enteredAt: {
    title: 'Entry time',
    kind: 'instant',
    known: [
      'entrytime',
      'entrydate',
      'entry',
      'enteredat',
      'timein',
      'in',
      'intime',
      'einfahrt',
      'einfahrtszeit',
      'arrival',
      'entrada',
    ],
  },
  exitedAt: {
    title: 'Exit time',
    kind: 'instant',
    known: [
      'exittime',
      'exitdate',
      'exit',
      'exitedat',
      'timeout',
      'out',
      'outtime',
      'ausfahrt',
      'ausfahrtszeit',
      'departure',
      'salida',
    ],
  },
  plate: {
    title: 'Plate',
    kind: 'text',
    known: [
      'plate',
      'licenseplate',
      'licenceplate',
      'lpr',
      'plateno',
      'kennzeichen',
      'matricula',
      'vrm',
      'registration',
    ],
  },
  plateCountry: { title: 'Country of the plate', kind: 'text', known: ['platecountry', 'country', 'state', 'land'] },
  card: {
    title: 'Card',
    kind: 'text',
    known: ['card', 'cardno', 'cardnumber', 'badge', 'rfid', 'karte', 'kartennummer', 'medium'],
  },
  cardEncoding: { title: 'How the card is written', kind: 'text', known: ['cardencoding', 'encoding'] },
  ticket: {
    title: 'Ticket',
    kind: 'text',
    known: ['ticket', 'ticketno', 'ticketnumber', 'barcode', 'epan', 'ticketnummer', 'boleto'],
  },
  qr: { title: 'QR code', kind: 'text', known: ['qr', 'qrcode'] },
  app: { title: 'App identity', kind: 'text', known: ['app', 'appid', 'userid'] },
  emaid: { title: 'Charging contract (eMAID)', kind: 'text', known: ['emaid', 'evcoid', 'contractid'] },
  phone: { title: 'Phone number', kind: 'text', known: ['phone', 'phonenumber', 'telefon', 'mobile'] },
  direction: {
    title: 'Direction',
    kind: 'choice',
    choices: ['entry', 'exit', 'internal'],
    known: ['direction', 'movement', 'movementtype', 'richtung'],
  },
  decision: {
    title: 'Decision',
    kind: 'choice',
    choices: ['granted', 'declined', 'unknown'],
    known: ['decision', 'result'],
  },
  reasonCode: { title: 'Reason code', kind: 'text', known: ['reasoncode', 'rejection', 'rejectionno'] },
  requestId: { title: 'Request', kind: 'text', known: ['requestid'] },
  parkerKind: {
    title: 'Kind of parker',
    kind: 'choice',
    choices: parkerKinds,
    known: ['parkerkind', 'parkertype', 'customertype', 'kundenart'],
  },
  reason: { title: 'Reason', kind: 'text', known: ['reason', 'remark', 'grund'] },
  amount: {
    title: 'Amount',
    kind: 'money',
    known: ['amount', 'paid', 'amountpaid', 'total', 'fee', 'betrag', 'bezahlt', 'gesamt', 'importe', 'price', 'preis'],
  },
  tax: { title: 'Tax in it', kind: 'money', known: ['tax', 'vat', 'mwst', 'ust', 'iva'] },
  currency: { title: 'Currency', kind: 'text', known: ['currency', 'curr', 'wahrung', 'waehrung', 'moneda'] },
  method: {
    title: 'Means of payment',
    kind: 'text',
    known: ['method', 'paymentmethod', 'paymenttype', 'tender', 'zahlart', 'zahlungsart'],
  },
  scope: { title: 'Paid for', kind: 'choice', choices: ['parking', 'energy', 'both'], known: ['scope'] },
  vendorTransaction: {
    title: 'Number of the payment',
    kind: 'text',
    known: ['paymentid', 'receipt', 'receiptno', 'belegnummer', 'beleg', 'authcode'],
  },
  paidUntil: { title: 'Paid until', kind: 'instant', known: ['paiduntil', 'validuntil'] },
  discountKind: {
    title: 'Kind of reduction',
    kind: 'choice',
    choices: ['validation', 'promotion', 'product', 'prepaid'],
    known: ['discountkind', 'discounttype'],
  },
  percent: { title: 'Percent', kind: 'number', known: ['percent', 'prozent'] },
  minutes: { title: 'Minutes', kind: 'whole', known: ['minutes', 'minuten'] },
  providerNo: { title: 'Validation provider', kind: 'text', known: ['providerno', 'validator', 'validation', 'store'] },
  rate: { title: 'Rate', kind: 'text', known: ['rate', 'tariff', 'tarif'] },
  durationMinutes: {
    title: 'Minutes parked',
    kind: 'whole',
    known: ['duration', 'durationminutes', 'dauer', 'parkdauer'],
  },
  final: { title: 'Final', kind: 'yesNo', known: ['final'] },
  priceRef: { title: 'Reference of the price', kind: 'text', known: ['priceref'] },
  counter: { title: 'Counter', kind: 'text', known: ['counter', 'zone', 'zahler', 'zaehler'] },
  free: { title: 'Free', kind: 'whole', known: ['free', 'available', 'vacant', 'frei', 'libre'] },
  occupied: { title: 'Occupied', kind: 'whole', known: ['occupied', 'occupancy', 'belegt', 'count', 'ocupado'] },
  capacity: {
    title: 'Capacity',
    kind: 'whole',
    known: ['capacity', 'totalspaces', 'kapazitat', 'kapazitaet', 'stellplatze'],
  },
  category: { title: 'Category', kind: 'text', known: ['category', 'kategorie'] },
  area: { title: 'Area', kind: 'text', known: ['area', 'level', 'deck', 'ebene', 'bereich'] },
  state: {
    title: 'State',
    kind: 'choice',
    choices: ['ok', 'warning', 'fault', 'offline'],
    known: ['devicestate', 'status'],
  },
  code: { title: 'Code', kind: 'text', known: ['errorcode', 'code'] },
  text: { title: 'Text', kind: 'text', known: ['errortext', 'message', 'meldung'] },
  bay: { title: 'Bay', kind: 'text', known: ['bay', 'space', 'stall', 'stellplatz', 'platz'] },
  isOccupied: { title: 'Is occupied', kind: 'yesNo', known: ['isoccupied', 'taken'] },
} as const satisfies Readonly<Record<string, FieldShape>>

export type FieldName = keyof typeof fields
export const fieldNames = Object.keys(fields) as FieldName[]

const credentials = ['plate', 'plateCountry', 'card', 'cardEncoding', 'ticket', 'qr', 'app', 'emaid', 'phone'] as const
const always = ['occurredAt', 'revision', 'stayRef', 'lane', 'device'] as const

export interface TypeShape {
  title: string
  needs: readonly FieldName[]
  may: readonly FieldName[]
}

const gate = (title: string, needs: readonly FieldName[] = []): TypeShape => ({
  title,
  needs: ['occurredAt', 'direction', ...needs],
  may: [...always, ...credentials, 'decision', 'reasonCode', 'requestId', 'parkerKind'],
})
const payment = (title: string): TypeShape => ({
  title,
  needs: ['occurredAt', 'amount'],
  may: [...always, 'currency', 'method', 'scope', 'vendorTransaction', 'paidUntil'],
})
const stay = (title: string, may: readonly FieldName[]): TypeShape => ({
  title,
  needs: ['occurredAt', 'stayRef'],
  may: [...always, ...credentials, 'parkerKind', 'reason', ...may],
})

/** Corrections come as the same row with other content, so `stay.corrected` is never needed. */
export const factTypes = {
  'stay.opened': stay('A stay began', []),
  'stay.closed': stay('A stay ended', ['enteredAt']),
  'stay.voided': stay('A stay never was', []),
  'gate.passed': gate('A car passed a gate'),
  'gate.decided': gate('A gate decided', ['decision']),
  'gate.backedOut': gate('A car backed out'),
  'payment.captured': payment('Somebody paid'),
  'payment.refunded': payment('Money was given back'),
  'payment.failed': payment('A payment failed'),
  'discount.applied': {
    title: 'A reduction was given',
    needs: ['occurredAt', 'discountKind'],
    may: [...always, 'amount', 'currency', 'percent', 'minutes', 'providerNo', 'reason'],
  },
  'stay.priced': {
    title: 'A price was set',
    needs: ['occurredAt', 'stayRef', 'amount', 'final'],
    may: [...always, ...credentials, 'currency', 'tax', 'rate', 'durationMinutes', 'priceRef'],
  },
  'occupancy.changed': {
    title: 'A counter changed',
    needs: ['occurredAt', 'counter'],
    may: [...always, 'free', 'occupied', 'capacity', 'category', 'area'],
  },
  'equipment.changed': {
    title: 'Equipment changed',
    needs: ['occurredAt', 'device', 'state'],
    may: [...always, 'code', 'text'],
  },
  'bay.changed': {
    title: 'A bay changed',
    needs: ['occurredAt', 'bay', 'isOccupied'],
    may: [...always, ...credentials],
  },
} as const satisfies Partial<Record<ParkingFactType, TypeShape>>

export type MappedType = keyof typeof factTypes
export const mappedTypes = Object.keys(factTypes) as MappedType[]
