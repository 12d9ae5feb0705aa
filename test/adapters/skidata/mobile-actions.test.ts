// Owns the proof of what the hub asks of the MobileAPI: quotes, bills finalised, reductions, identifiers, and outcomes nobody heard.
// Must not test when the hub asks; its own tests do.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ParkingAction, StayTarget } from '../../../core/plugin/index.ts'
import { manualClock } from '../../../core/testing/manual-clock.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { eventually } from '../../setup/eventually.ts'
import { type MobileService, openMobileService } from '../../sim/skidata/mobile-service.ts'
import { type OpenMobile, openMobile } from './open-mobile.ts'

let database: TestDatabase
let service: MobileService
let mobile: OpenMobile

beforeAll(async () => {
  database = await createTestDatabase()
  service = await openMobileService()
  mobile = await openMobile(database, service, { productId: 'EV', productOfGroup: { fleet: 'FLEET' }, carparkNos: [2] })
  await eventually(() => service.sockets === 1, 'the event socket')
})
afterAll(async () => {
  await mobile.stop()
  await service.close()
  await database.drop()
})
beforeEach(() => {
  service.calls.length = 0
  service.fail.length = 0
  service.finalised.length = 0
  service.inside.clear()
})

const entry = '2019-03-10T10:00:00Z'
const park = (no: string, type = 4, more: object = {}) =>
  service.inside.set(no, {
    FacilityNo: 1,
    TicketNo: no,
    TicketType: type,
    EntryTime: entry,
    Price: 6.1,
    PaidUntil: entry,
    RateEndTime: '2019-03-10T13:00:00Z',
    ...more,
  })
const stay = (value: string, kind: 'plate' | 'ticket' = 'plate', more: Partial<StayTarget> = {}): StayTarget => ({
  stayId: '00000000-0000-7000-8000-000000000001',
  stayRef: null,
  credentials: [{ kind, value }],
  enteredAt: new Date(entry),
  exitedAt: null,
  ...more,
})
const action = <K extends ParkingAction['kind']>(kind: K, data: unknown, id = `${kind}-1`): ParkingAction =>
  ({ id, kind, attempt: 1, askedAt: new Date('2019-03-10T11:59:00Z'), data }) as ParkingAction
const signal = new AbortController().signal
const act = async (one: ParkingAction) => mobile.link().act?.(one, signal)
const ask = async (one: ParkingAction) => mobile.link().askOutcome?.(one, signal)
const quote = async (target: StayTarget) => mobile.link().quote?.(target, signal)
const confirm = (target: StayTarget, more: object = {}) =>
  action('stay.confirm', {
    ...target,
    amountMinor: 510,
    currency: 'USD',
    paidAt: new Date('2019-03-10T12:00:00Z'),
    authorisation: 'B-7',
    ...more,
  })

describe('a quote', () => {
  test('is what CalculateRate asks for now; a payment alone promises a time to leave by', async () => {
    park('P1')
    expect(await quote(stay('P1'))).toEqual({
      amountMinor: 610,
      currency: 'USD',
      rate: '7',
      at: mobile.garage.clock.now(),
    })
    expect(service.calls).toEqual([{ path: 'CalculateRate', body: { FacilityNo: 1, TicketNo: 'P1', TicketType: 4 } }])
    park('P1', 4, { Price: 0, PaidUntil: '2019-03-10T12:30:00Z' })
    expect(await quote(stay('P1'))).toMatchObject({ amountMinor: 0, paidUntil: new Date('2019-03-10T12:30:00Z') })
  })

  test('is none for a stay that the service does not know, or that has no name there', async () => {
    expect(await quote(stay('NOBODY'))).toBeNull()
    expect(await quote({ ...stay('P1'), credentials: [] })).toBeNull()
  })

  test.each([
    ['a price that is none', { status: 200, body: '{"Price":"a lot"}' }],
    ['an answer without a price', { status: 200, body: '{}' }],
    ['a page', { status: 200, body: '<html>' }],
    ['an error', { status: 500, body: '' }],
    ['a list', { status: 200, body: '[[1]]' }],
  ])('fails on %s', async (_, fault) => {
    park('P1')
    service.fail.push({ call: 'CalculateRate', ...fault })
    await expect(quote(stay('P1'))).rejects.toMatchObject({ code: 'not_ready' })
  })
})

describe('a bill', () => {
  test('finalises the visit by the EventID of its price', async () => {
    service.tell({
      FacilityNo: 1,
      CarparkNo: 2,
      TicketNo: 'P9',
      TicketType: 4,
      ReferenceNo: 'R',
      CompletionTime: '2019-03-10T11:00:00Z',
      RateNo: 3,
      ParkingDuration: 60,
      Amount: 5.1,
      EventID: 'E2',
    })
    await eventually(
      async () =>
        (await database.pool.query("select 1 from plugin_skidata_mobile.visit where visit_ref = 'E2'")).rowCount === 1,
      'the visit',
    )
    const target = stay('another plate, misread', 'plate', { stayRef: 'E2' })
    expect(await act(confirm(target, { priceRef: 'E2' }))).toEqual({ kind: 'done', reference: 'E2' })
    expect(service.calls).toEqual([
      {
        path: 'FinalizeTransaction',
        body: {
          FacilityNo: 1,
          TicketNo: 'P9',
          TicketType: 4,
          Amount: 5.1,
          AuthorisationCode: 'B-7',
          PaymentTime: '2019-03-10T12:00:00.000Z',
          EventID: 'E2',
        },
      },
    ])
  })

  test('of a running stay is a payment on its ticket', async () => {
    park('T-1', 0)
    expect(await act(confirm(stay('T-1', 'ticket')))).toEqual({ kind: 'done', reference: 'T-1' })
    expect(service.calls).toMatchObject([{ path: 'ApplyPayment', body: { TicketType: 0, Amount: 5.1 } }])
  })

  test('whose answer was lost is asked after, and never sent again by itself', async () => {
    park('P1')
    service.fail.push({ call: 'FinalizeTransaction', cut: true })
    const one = confirm(stay('P1'), { priceRef: 'E2' })
    expect(await act(one)).toMatchObject({ kind: 'unknown' })
    expect(await ask(one)).toEqual({ kind: 'done' })
    expect(service.finalised).toHaveLength(1)
    park('P1')
    expect(await ask(one)).toEqual({ kind: 'not_done' })
    park('P1', 4, { Price: 2, PaidUntil: '2019-03-10T11:00:00Z' })
    expect(await ask(one)).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('in part') })
    park('P1', 4, { EntryTime: '2019-03-10T11:30:00Z' })
    expect(await ask(one)).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('later stay') })
    service.inside.clear()
    expect(await ask(one)).toMatchObject({ kind: 'unknown' })
    service.fail.push({ call: 'CalculateRate', status: 503 })
    expect(await ask(one)).toMatchObject({ kind: 'unknown' })
    expect(service.finalised).toHaveLength(1)
  })

  test.each([
    [
      { status: 400, body: '{"Message":"Amount is wrong"}' },
      { kind: 'refused', reason: 'The vendor answered: Amount is wrong' },
    ],
    [{ status: 401, body: '' }, { kind: 'later' }],
    [{ status: 503, body: '' }, { kind: 'later' }],
    [{ status: 500, body: '', after: true }, { kind: 'unknown' }],
    [{ status: 200, body: '<html>', after: true }, { kind: 'unknown' }],
    [{ status: 200, body: '{"TicketNo":"P1","Amount":51}', after: true }, { kind: 'unknown' }],
    [{ status: 200, body: '{"TicketNo":"P2","Amount":5.1}', after: true }, { kind: 'unknown' }],
  ])('that is answered with %j is %j', async (fault, outcome) => {
    park('P1')
    service.fail.push({ call: 'FinalizeTransaction', ...fault })
    expect(await act(confirm(stay('P1'), { priceRef: 'E2' }))).toMatchObject(outcome)
  })

  test('that cannot reach the service is surely not done', async () => {
    const gone = await openMobileService()
    const other = await openMobile(database, gone)
    await eventually(() => gone.sockets === 1, 'the socket')
    await gone.close()
    expect(await other.link().act?.(confirm(stay('P1')), signal)).toMatchObject({ kind: 'later' })
    await other.stop()
  })
})

describe('a reduction', () => {
  const promote = (id: string) =>
    action(
      'stay.promote',
      { ...stay('P1'), amountMinor: 210, currency: 'USD', code: 'EV2', reason: 'Charged 20 kWh.' },
      id,
    )

  test('is a promotion of that value, or a validation by a provider', async () => {
    park('P1')
    expect(await act(promote('a1'))).toMatchObject({ kind: 'done' })
    expect(service.inside.get('P1')?.Price).toBe(4)
    expect(service.calls.at(-1)).toMatchObject({
      path: 'ApplyPromotion',
      body: { Amount: 0, PromotionValue: 2.1, PromotionCode: 'EV2', AuthorisationCode: 'a1' },
    })
    const validate = action('stay.validate', { ...stay('P1'), providerNo: '5', reason: 'Charged.' }, 'a2')
    expect(await act(validate)).toMatchObject({ kind: 'done' })
    expect(service.calls.at(-1)?.body).toMatchObject({ ValidationProviderNo: 5, ValidationSource: 'Charged.' })
    for (const providerNo of [undefined, 'cinema'])
      expect(await act(action('stay.validate', { ...stay('P1'), providerNo, reason: 'x' }))).toMatchObject({
        kind: 'refused',
      })
  })

  test('whose answer was lost is told by the price', async () => {
    park('P1')
    service.fail.push({ call: 'ApplyPromotion', cut: true })
    expect(await act(promote('b1'))).toMatchObject({ kind: 'unknown' })
    expect(await ask(promote('b1'))).toMatchObject({ kind: 'done' })
    park('P1')
    // The rate has not gone up yet: what stands unchanged was not reduced.
    expect(await ask(promote('b1'))).toEqual({ kind: 'not_done' })
    park('P1', 4, { Price: 7 })
    expect(await ask(promote('b1'))).toMatchObject({ kind: 'unknown' })
    expect(await ask(promote('never sent'))).toEqual({ kind: 'not_done' })
    expect(service.calls.filter(({ path }) => path === 'ApplyPromotion')).toHaveLength(1)
  })

  test('is not sent when the price before it cannot be learned', async () => {
    park('P1')
    service.fail.push({ call: 'CalculateRate', cut: true })
    expect(await act(promote('c1'))).toMatchObject({ kind: 'later' })
    expect(service.calls.map(({ path }) => path)).toEqual(['CalculateRate'])
  })
})

describe('a credential', () => {
  const credential = {
    credentialId: '00000000-0000-7000-8000-0000000000c1',
    accountNumber: null,
    holder: 'Erika',
    parkerKind: 'contract',
    presentations: [
      { kind: 'qr', key: 'QR1', value: 'QR-1' },
      { kind: 'card', key: '04A1', value: '04A1' },
    ],
    plates: [{ text: 'WOB AB 1', country: 'DE' }],
    groups: ['staff', 'fleet'],
    validFrom: null,
    validUntil: new Date('2019-12-31T23:00:00Z'),
    maxInside: 1,
    allowPassback: true,
  }

  test('is one identifier for each form that the service takes, and nobody’s name', async () => {
    expect(await act(action('credential.put', credential))).toMatchObject({ kind: 'done' })
    expect(service.identifiers).toEqual([
      {
        FacilityNo: 1,
        ValidCarparks: [2],
        TicketNo: 'QR-1',
        TicketType: 5,
        ProductId: 'FLEET',
        ValidUntil: '2019-12-31T23:00:00.000Z',
        IsNeutral: true,
        ReferenceNo: credential.credentialId,
      },
      expect.objectContaining({ TicketNo: 'WOB AB 1', TicketType: 4 }),
    ])
    expect(JSON.stringify(service.calls)).not.toContain('Erika')
    const card = { ...credential, presentations: [credential.presentations[1]], plates: [] }
    expect(await act(action('credential.put', card))).toMatchObject({ kind: 'refused' })
  })

  test('cannot be ended by the interface, and says where a person ends it', async () => {
    const { credentialId, presentations } = credential
    expect(await act(action('credential.remove', { credentialId, reason: 'lost', presentations }))).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining(credentialId),
    })
  })
})

describe('the test of a connection', () => {
  const check = async (secret: string | null, answer?: { status: number; body?: string }) => {
    if (answer) service.fail.push({ call: 'GetValidationProviders', ...answer })
    const { default: plugin } = await import('../../../adapters/skidata/mobile/index.ts')
    return plugin
      .check?.(
        { baseUrl: service.url, facilityNo: 1 },
        { signal, fetch, clock: manualClock(new Date(0)), secret: async () => secret ?? 'wrong' },
      )
      .then(
        () => 'ok',
        (error: Error) => `${error.name}: ${error.message}`,
      )
  }
  test('says in plain words what is wrong', async () => {
    const { mobileKey } = await import('../../sim/skidata/mobile-service.ts')
    expect(await check(mobileKey)).toBe('ok')
    expect(await check(null)).toContain('AuthFailed: The service refuses the API key')
    expect(await check(mobileKey, { status: 404 })).toContain('no MobileAPI at this address')
    expect(await check(mobileKey, { status: 500 })).toContain('answered 500')
    expect(await check(mobileKey, { status: 200, body: '<html>' })).toContain('NotReady')
  })
})
