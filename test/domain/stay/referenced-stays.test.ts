// Owns the proof of stays that the vendor names: how entries, exits, records, corrections and voids come together.
import { describe, expect, test } from 'vitest'
import { deriveStays, type StayFact } from '../../../core/domain/stay/index.ts'
import { card, entry, exit, fact, minute, plate } from './fact-maker.ts'

const context = { siteId: 'site', currency: 'USD' }
const derive = (...facts: StayFact[]) => deriveStays(facts, context)
const S = { stayRef: 'S1' }

describe('a named stay', () => {
  test('is opened by passing in and closed by passing out', () => {
    const [stay, ...others] = derive(entry('e', 0, [plate('AB 123')], S), exit('x', 90, [plate('AB123')], S))
    expect(others).toEqual([])
    expect(stay).toMatchObject({
      key: 'ref:S1',
      state: 'closed',
      enteredAt: minute(0),
      exitedAt: minute(90),
      entryLane: 'in',
      exitLane: 'out',
      plate: 'AB123',
      flags: [],
      factIds: ['e/1', 'x/1'],
    })
    expect(stay?.presentations.map(({ role, raw, key }) => [role, raw, key])).toEqual([
      ['entry', 'AB 123', 'plate:ZZ:AB123'],
      ['exit', 'AB123', 'plate:ZZ:AB123'],
    ])
  })

  test('does not come from a request that was granted but not passed', () => {
    const asked = { direction: 'entry', requestId: 'r', credentials: [card('04A3C6CA')] } as const
    expect(
      derive(
        fact('gate.requested', 'q', 0, asked, S),
        fact('gate.decided', 'd', 0, { ...asked, decision: 'granted' }, S),
      ),
    ).toEqual([])
  })

  test('does not come from a ticket issued to a car that backed out', () => {
    const back = fact('gate.backedOut', 'b', 1, { direction: 'entry', requestId: 'r', credentials: [] }, S)
    expect(derive(fact('stay.opened', 'o', 0, {}, S), back)).toEqual([])
    expect(derive(fact('stay.opened', 'o', 0, {}, S), back, fact('stay.closed', 'c', 2, {}, S))).toEqual([])
  })

  test('a backout undoes the passage it follows, not one that comes after it, nor the stay at another gate', () => {
    const back = (id: string, at: number, requestId: string, direction: 'entry' | 'exit') =>
      fact('gate.backedOut', id, at, { direction, requestId, credentials: [] }, S)
    const passed = entry('e', 5, [plate('AB123')], { ...S, requestId: 'r' })
    expect(derive(passed, back('b', 6, 'r', 'entry'))).toEqual([])
    expect(derive(back('b', 4, 'r', 'entry'), passed)).toMatchObject([{ state: 'open' }])
    expect(derive(passed, back('b', 60, 'r2', 'exit'))).toMatchObject([{ state: 'open', enteredAt: minute(5) }])
  })

  test('the request names the stay for a passage that does not', () => {
    const asked = fact('gate.requested', 'q', 80, { direction: 'exit', requestId: 'r9', credentials: [] }, S)
    const stays = derive(entry('e', 0, [card('04A3C6CA')], S), asked, exit('x', 81, [], { requestId: 'r9' }))
    expect(stays).toMatchObject([{ key: 'ref:S1', state: 'closed', exitedAt: minute(81) }])
  })

  test('is opened and closed by the vendor’s record where no passage is reported', () => {
    const opened = fact('stay.opened', 'o', 3, { enteredAt: minute(0).toISOString(), parkerKind: 'contract' }, S)
    expect(derive(opened)).toMatchObject([{ state: 'open', enteredAt: minute(0), parkerKind: 'contract' }])
    const closed = fact('stay.closed', 'c', 70, { exitedAt: minute(69).toISOString() }, S)
    expect(derive(opened, closed)).toMatchObject([{ state: 'closed', exitedAt: minute(69) }])
    const alone = fact('stay.closed', 'c', 70, { enteredAt: minute(2).toISOString() }, S)
    expect(derive(alone)).toMatchObject([{ state: 'closed', enteredAt: minute(2), exitedAt: minute(70), flags: [] }])
  })

  test('passages count before the record', () => {
    const stays = derive(
      entry('e', 1, [plate('AB123')], S),
      fact('stay.opened', 'o', 0, {}, S),
      exit('x', 60, [], S),
      fact('stay.closed', 'c', 75, {}, S),
    )
    expect(stays).toMatchObject([{ enteredAt: minute(1), exitedAt: minute(60), flags: [] }])
  })

  test('an exit alone is kept as what it is', () => {
    expect(derive(exit('x', 60, [plate('AB123')], S))).toMatchObject([
      { state: 'exit_only', enteredAt: null, exitedAt: minute(60), flags: ['entry_missing'] },
    ])
  })

  test('clocks that disagree make no negative time', () => {
    expect(derive(exit('x', 2, [], S), entry('e', 5, [plate('AB123')], S))).toMatchObject([
      { state: 'closed', enteredAt: minute(5), exitedAt: minute(5), flags: ['exit_before_entry'] },
    ])
  })

  test('a second entry, a second exit and a return are flagged', () => {
    const e = (id: string, at: number) => entry(id, at, [plate('AB123')], S)
    const x = (id: string, at: number) => exit(id, at, [plate('AB123')], S)
    expect(derive(e('1', 0), e('2', 4))).toMatchObject([
      { state: 'open', enteredAt: minute(0), flags: ['two_entries'] },
    ])
    expect(derive(e('1', 0), x('2', 9), x('3', 30))).toMatchObject([{ exitedAt: minute(9), flags: ['two_exits'] }])
    expect(derive(e('1', 0), x('2', 9), e('3', 30))).toMatchObject([
      { state: 'open', enteredAt: minute(0), exitedAt: null, flags: ['entered_again'] },
    ])
    expect(derive(e('1', 0), x('2', 9), e('3', 30), x('4', 50))).toMatchObject([
      { state: 'closed', exitedAt: minute(50), flags: ['entered_again'] },
    ])
  })

  test('the same entry three times, once with a corrected plate, is one stay with the corrected plate', () => {
    const misread = entry('e', 0, [plate('W0B8S1')], S)
    const corrected = entry('e', 0, [plate('WOB851')], { ...S, revision: 2 })
    const stays = derive(misread, corrected, misread)
    expect(stays).toMatchObject([{ plate: 'WOB851', searchKeys: ['pl:WOB851'], factIds: ['e/2'] }])
  })

  test('a correction stands against what was reported before it, not against an exit that comes later', () => {
    const early = exit('x', 30, [plate('AB123')], S)
    const reopened = fact('stay.corrected', 'c', 40, { changed: { exitedAt: null } }, S)
    const base = [entry('e', 0, [plate('AB123')], S), early, reopened] as const
    expect(derive(...base)).toMatchObject([{ state: 'open', exitedAt: null, exitLane: null }])
    expect(derive(...base, exit('x2', 80, [plate('AB123')], S))).toMatchObject([{ state: 'closed' }])
    const times = { enteredAt: minute(3).toISOString(), exitedAt: minute(33).toISOString(), plate: 'CD 999' }
    const changed = fact('stay.corrected', 'c2', 50, { changed: times, operator: 'jo' }, S)
    expect(derive(...base, changed)).toMatchObject([
      { state: 'closed', enteredAt: minute(3), exitedAt: minute(33), plate: 'CD999', searchKeys: ['pl:CD999'] },
    ])
  })

  test('voided wins over everything, and needs a stay to void', () => {
    const voided = fact('stay.voided', 'v', 5, { reason: 'test car' }, S)
    expect(derive(voided)).toEqual([])
    expect(derive(voided, entry('e', 0, [], S), exit('x', 60, [], S))).toMatchObject([{ state: 'voided' }])
  })

  test('payments and discounts attach and never reopen', () => {
    const stays = derive(
      entry('e', 0, [], S),
      fact(
        'payment.captured',
        'p',
        50,
        { amountMinor: 900, currency: 'USD', scope: 'parking', paidUntil: minute(65).toISOString() },
        S,
      ),
      exit('x', 60, [], S),
      fact('payment.refunded', 'r', 90, { amountMinor: 400, currency: 'USD', scope: 'parking' }, S),
      fact('payment.captured', 'f', 91, { amountMinor: 77, currency: 'EUR', scope: 'parking' }, S),
      fact('payment.failed', 'n', 92, { amountMinor: 500, currency: 'USD', scope: 'parking' }, S),
      fact('discount.applied', 'd', 55, { kind: 'validation', minutes: 60, providerNo: '12' }, S),
    )
    expect(stays).toMatchObject([
      {
        state: 'closed',
        exitedAt: minute(60),
        paidMinor: 500,
        paidUntil: minute(65),
        flags: ['foreign_currency'],
        discounts: [{ kind: 'validation', minutes: 60, providerNo: '12', factId: 'd/1', at: minute(55).toISOString() }],
      },
    ])
    const paid = fact('payment.captured', 'p', 50, { amountMinor: 900, currency: 'USD', scope: 'parking' }, S)
    expect(derive(paid)).toEqual([])
  })

  test('the vendor’s price is kept: a final one before any other, else the newest, whatever came first', () => {
    const priced = (id: string, at: number, amountMinor: number, final: boolean, revision = 1) =>
      fact('stay.priced', id, at, { amountMinor, currency: 'USD', final }, { ...S, revision })
    const facts = [entry('e', 0, [plate('AB1')], S), exit('x', 90, [plate('AB1')], S)]
    const price = (...prices: StayFact[]) => deriveStays([...prices, ...facts], context)[0]?.price ?? null
    expect(price()).toBeNull()
    expect(price(priced('p', 60, 300, false))).toMatchObject({ amountMinor: 300, final: false })
    expect(price(priced('q', 80, 500, false), priced('p', 60, 300, false))).toMatchObject({ amountMinor: 500 })
    expect(price(priced('q', 80, 500, false), priced('p', 60, 300, true))).toMatchObject({ amountMinor: 300 })
    expect(price(priced('p', 60, 350, true, 2), priced('p', 60, 300, true))).toMatchObject({ amountMinor: 350 })
    expect(deriveStays([priced('p', 60, 300, true)], context)).toEqual([])
  })

  test('areas and bays that the car was seen in are kept', () => {
    const stays = derive(
      entry('e', 0, [], S),
      fact('gate.passed', 'i', 3, { direction: 'internal', credentials: [] }, { ...S, lane: 'ramp-2' }),
      fact('credential.observed', 'o', 5, { role: 'bay', bay: 'B7', credentials: [plate('AB123')] }, S),
    )
    expect(stays).toMatchObject([
      { places: [{ lane: 'ramp-2', bay: null }, { bay: 'B7' }], plate: 'AB123', state: 'open' },
    ])
  })

  test('an exit with a lost ticket says so', () => {
    const data = { direction: 'exit', credentials: [], reasonCode: 'lost-ticket' } as const
    expect(derive(fact('gate.passed', 'x', 9, data, S))).toMatchObject([{ flags: ['entry_missing', 'lost_ticket'] }])
  })
})
