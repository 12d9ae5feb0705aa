// Owns the JSON Schema of every fact type and of the gate question: the contract that vendors write against.
// Must not accept names it does not know: a misspelt optional field would silently lose money or time.

const text = (maxLength = 255) => ({ type: 'string', minLength: 1, maxLength }) as const
const instant = { type: 'string', format: 'instant' } as const
const maybeInstant = { type: ['string', 'null'], format: 'instant' } as const
const count = { type: 'integer', minimum: -2_147_483_647, maximum: 2_147_483_647 } as const
const likelihood = { type: 'number', minimum: 0, maximum: 1 } as const
const amount = { type: 'integer', minimum: 0, maximum: 1_000_000_000_000 } as const

function object(required: readonly string[], properties: Record<string, object>) {
  return { type: 'object', additionalProperties: false, required, properties } as const
}

const credential = object(['kind', 'value'], {
  kind: { type: 'string', enum: ['plate', 'card', 'ticket', 'qr', 'app', 'emaid', 'phone'] },
  value: text(256),
  encoding: text(32),
  bitLength: { type: 'integer', minimum: 1, maximum: 1_024 },
  reader: text(),
  confidence: likelihood,
  charConfidence: { type: 'array', maxItems: 64, items: likelihood },
  country: text(8),
  region: text(8),
  candidates: {
    type: 'array',
    maxItems: 20,
    items: object(['value'], { value: text(64), confidence: likelihood }),
  },
})
const credentials = { type: 'array', maxItems: 50, items: credential } as const
const parkerKind = { type: 'string', enum: ['transient', 'contract', 'member', 'reservation'] } as const
const direction = { type: 'string', enum: ['entry', 'exit', 'internal'] } as const

const gateFields = {
  direction,
  requestId: text(),
  credentials,
  decision: { type: 'string', enum: ['granted', 'declined', 'unknown'] },
  reasonCode: text(),
  parkerKind,
}
const gate = object(['direction', 'credentials'], gateFields)

const stay = object([], {
  parkerKind,
  enteredAt: instant,
  exitedAt: instant,
  credentials,
  reason: text(),
})

const payment = object(['amountMinor', 'currency', 'scope'], {
  amountMinor: amount,
  currency: { type: 'string', pattern: '^[A-Z]{3}$' },
  method: text(64),
  scope: { type: 'string', enum: ['parking', 'energy', 'both'] },
  vendorTransaction: text(),
  paidUntil: instant,
})

interface FactShape {
  data: object
  /** Fields of the envelope that this type cannot do without. */
  needs?: readonly string[]
}

const shapes: Readonly<Record<string, FactShape>> = {
  'gate.requested': { data: gate },
  'gate.decided': { data: object(['direction', 'credentials', 'decision'], gateFields) },
  'gate.passed': { data: gate },
  'gate.backedOut': { data: gate },
  'stay.opened': { data: stay, needs: ['stayRef'] },
  'stay.closed': { data: stay, needs: ['stayRef'] },
  'stay.voided': { data: stay, needs: ['stayRef'] },
  'stay.corrected': {
    needs: ['stayRef'],
    data: object(['changed'], {
      changed: object([], {
        enteredAt: maybeInstant,
        exitedAt: maybeInstant,
        credentials,
        plate: text(64),
        parkerKind,
      }),
      operator: text(),
    }),
  },
  'payment.captured': { data: payment },
  'payment.refunded': { data: payment },
  'payment.failed': { data: payment },
  'discount.applied': {
    data: object(['kind'], {
      kind: { type: 'string', enum: ['validation', 'promotion', 'product', 'prepaid'] },
      amountMinor: amount,
      percent: { type: 'number', minimum: 0, maximum: 100 },
      minutes: { type: 'integer', minimum: 0, maximum: 527_040 },
      providerNo: text(),
      reason: text(),
    }),
  },
  'stay.priced': {
    needs: ['stayRef'],
    data: object(['amountMinor', 'currency', 'final'], {
      amountMinor: amount,
      currency: { type: 'string', pattern: '^[A-Z]{3}$' },
      taxMinor: amount,
      rate: text(),
      durationMinutes: { type: 'integer', minimum: 0, maximum: 2_147_483_647 },
      final: { type: 'boolean' },
      priceRef: text(),
      credentials,
    }),
  },
  'occupancy.changed': {
    data: object(['counter'], {
      counter: text(),
      free: count,
      occupied: count,
      capacity: count,
      category: text(),
      area: text(),
    }),
  },
  'equipment.changed': {
    needs: ['device'],
    data: object(['state'], {
      state: { type: 'string', enum: ['ok', 'warning', 'fault', 'offline'] },
      code: text(),
      text: text(2_000),
    }),
  },
  'credential.observed': {
    data: object(['role', 'credentials'], {
      role: { type: 'string', enum: ['gate', 'charger', 'bay'] },
      credentials: { ...credentials, minItems: 1 },
      bay: text(),
      evse: text(),
    }),
  },
  'reservation.changed': {
    data: object(['reservationRef', 'state', 'credentials'], {
      reservationRef: text(),
      state: { type: 'string', enum: ['booked', 'changed', 'used', 'expired', 'cancelled'] },
      from: instant,
      until: instant,
      credentials,
      product: text(),
      amountMinor: amount,
      currency: { type: 'string', pattern: '^[A-Z]{3}$' },
    }),
  },
  'bay.changed': { data: object(['bay', 'occupied'], { bay: text(), occupied: { type: 'boolean' }, credentials }) },
}

const envelope = {
  id: text(),
  revision: { type: 'integer', minimum: 0, maximum: 2_147_483_647 },
  occurredAt: instant,
  backfilled: { type: 'boolean' },
  stayRef: text(),
  lane: text(),
  device: text(),
} as const

/** By type; `revision` and `backfilled` may be left out (1, false). */
export const factSchemas: Readonly<Record<string, object>> = Object.fromEntries(
  Object.entries(shapes).map(([type, { data, needs = [] }]) => [
    type,
    object(['id', 'type', 'occurredAt', 'data', ...needs], { ...envelope, type: { const: type }, data }),
  ]),
)

export const questionSchema = object(['requestId', 'lane', 'direction', 'credentials', 'occurredAt'], {
  requestId: text(),
  lane: text(),
  direction,
  credentials,
  occurredAt: instant,
})
