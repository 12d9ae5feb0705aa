// Owns one example of every fact type as a parking system writes it.
// Must not hold expectations.
const plate = {
  kind: 'plate',
  value: 'AB 123',
  confidence: 0.93,
  charConfidence: [0.99, 0.61, 0.98, 0.97, 0.99],
  country: 'US-CA',
  region: 'CA',
  candidates: [{ value: 'A8123', confidence: 0.4 }, { value: 'AB128' }],
}
const card = { kind: 'card', value: '04A3C6CAE26180', encoding: 'hex', bitLength: 56, reader: 'entry-1' }
const at = (minute: number) => new Date(Date.parse('2019-03-10T11:00:00Z') + minute * 60_000).toISOString()

function wire(type: string, id: string, minute: number, data: object, rest: object = {}) {
  return { id, revision: 1, type, occurredAt: at(minute), backfilled: false, data, ...rest }
}

const stay = { stayRef: 'T-4711' }
const gate = { direction: 'entry', requestId: 'r1', credentials: [plate, card], parkerKind: 'contract' }

export const wireFacts = [
  wire('gate.requested', 'f1', 0, gate, { lane: 'in-1', device: 'col-1' }),
  wire('gate.decided', 'f2', 0, { ...gate, decision: 'granted', reasonCode: 'contract' }),
  wire('gate.passed', 'f3', 1, gate, { ...stay, lane: 'in-1' }),
  wire('gate.backedOut', 'f4', 2, { direction: 'entry', requestId: 'r0', credentials: [] }),
  wire(
    'stay.opened',
    'f5',
    1,
    { parkerKind: 'contract', enteredAt: '2019-03-10T04:01:00-07:00', credentials: [card] },
    stay,
  ),
  wire('stay.corrected', 'f6', 3, { changed: { plate: 'AB 124', exitedAt: null }, operator: 'jo' }, stay),
  wire(
    'payment.captured',
    'f7',
    40,
    {
      amountMinor: 1200,
      currency: 'USD',
      method: 'card',
      scope: 'parking',
      vendorTransaction: 'x1',
      paidUntil: at(55),
    },
    stay,
  ),
  wire('payment.refunded', 'f8', 41, { amountMinor: 200, currency: 'USD', scope: 'parking' }, stay),
  wire('payment.failed', 'f9', 39, { amountMinor: 1200, currency: 'USD', scope: 'both' }, stay),
  wire('discount.applied', 'f10', 38, { kind: 'validation', percent: 12.5, providerNo: '7', reason: 'cinema' }, stay),
  wire(
    'stay.priced',
    'f17',
    42,
    {
      amountMinor: 1200,
      currency: 'USD',
      taxMinor: 100,
      rate: 'day',
      durationMinutes: 41,
      final: true,
      priceRef: 'p-1',
      credentials: [card],
    },
    stay,
  ),
  wire('occupancy.changed', 'f11', 1, {
    counter: 'total',
    free: 12,
    occupied: 288,
    capacity: 300,
    category: 'contract',
    area: 'P1',
  }),
  wire('equipment.changed', 'f12', 1, { state: 'warning', code: 'E12', text: 'paper low' }, { device: 'col-1' }),
  wire('credential.observed', 'f13', 5, { role: 'bay', bay: 'B1', evse: 'E1', credentials: [plate] }, stay),
  wire('bay.changed', 'f14', 5, { bay: 'B1', occupied: true, credentials: [plate] }),
  wire('stay.closed', 'f15', 50, { exitedAt: at(50), reason: 'paid' }, stay),
  wire('stay.voided', 'f16', 60, { reason: 'test' }, { stayRef: 'T-0' }),
]
