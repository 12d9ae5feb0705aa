// Owns decisions between several stays and sessions: the traps, people's word, and cars that cannot be in two places.
// Must not hold the laws over random garages; link-properties.test.ts does.
import { describe, expect, test } from 'vitest'
import {
  decideLinks,
  type ExistingLink,
  explainDecision,
  type LinkDecision,
  type SessionView,
  type StayView,
} from '../../../core/domain/link/index.ts'
import { at, card, session, stay } from './link-views.ts'

const decide = (stays: StayView[], sessions: SessionView[], existing: ExistingLink[] = []): LinkDecision[] =>
  decideLinks(stays, sessions, existing)
const one = (stays: StayView[], plug: SessionView, existing: ExistingLink[] = []): LinkDecision => {
  const [decision] = decide(stays, [plug], existing)
  if (!decision) throw new Error('no decision')
  return decision
}
const byPerson = (sessionId: string, stayId: string, state: ExistingLink['state'], when = '12:00'): ExistingLink => ({
  sessionId,
  stayId,
  state,
  decidedBy: 'person',
  decidedAt: at(when),
})

const key = { presentations: [card('26DEFAE7')] }

describe('one clear stay', () => {
  test('is linked, and says why', () => {
    const decision = one(
      [
        stay('A', ['09:00'], { presentations: [card('E7FADE26')] }),
        stay('B', ['09:01'], { presentations: [card('11223344')] }),
      ],
      session('s', ['09:05'], key),
    )
    expect(decision).toMatchObject({
      outcome: 'linked',
      stayId: 'A',
      decidedBy: 'hub',
      method: 'card-form',
      others: [],
    })
    expect(explainDecision(decision)).toEqual([
      'Linked automatically, over 99.9 % sure.',
      'Same card at gate and charger (between the two readers: byte order reversed).',
      'The cable went in 5 minutes after the entry.',
    ])
  })

  test('a late, corrected or missing fact gives a new answer from the same function', () => {
    const plug = session('s', ['09:05'], { plate: 'MAB1234' })
    expect(one([], plug)).toMatchObject({ outcome: 'none', reason: 'no-candidate' })
    expect(one([stay('A', ['09:00'], { plate: 'HXY999' })], plug)).toMatchObject({ outcome: 'none' })
    expect(one([stay('A', ['09:00'], { plate: 'MAB1234' })], plug)).toMatchObject({ outcome: 'linked', stayId: 'A' })
    expect(one([stay('A', ['09:00'], { plate: 'MAB1234', state: 'voided' })], plug)).toMatchObject({
      outcome: 'none',
      reason: 'excluded',
    })
  })

  test('exit first, entry never: the stay is still found', () => {
    expect(
      one([stay('A', [null, '11:00'], { ...key, state: 'exit_only' })], session('s', ['09:05', '10:50'], key)),
    ).toMatchObject({
      outcome: 'linked',
      stayId: 'A',
    })
  })
})

describe('plates', () => {
  test('two misread plates that could each be the other are never linked by themselves', () => {
    // Read as W0B8S1 at the entry, known as WOBBS1; another car in the garage is WOB851.
    const plug = session('s', ['09:10'], { plate: 'WOBBS1' })
    const mine = stay('A', ['09:00'], { plate: 'W0B8S1' })
    const other = stay('B', ['08:40'], { plate: 'WOB851' })
    expect(one([mine, other], plug)).toMatchObject({ outcome: 'review', reason: 'near-tie' })
    expect(one([mine], plug).outcome).toBe('review')
    expect(one([other], plug).outcome).toBe('review')
    const named = one([mine, other], plug)
    if (named.outcome === 'review') expect(named.candidates.map(({ stayId }) => stayId)).toEqual(['A', 'B'])
  })

  test('one swapped character links when no other plate comes near', () => {
    const plug = session('s', ['09:10'], { plate: 'MAB1234' })
    const mine = stay('A', ['09:00'], { plate: 'MA81234' })
    expect(one([mine, stay('B', ['08:00'], { plate: 'HXY999' })], plug)).toMatchObject({
      outcome: 'linked',
      stayId: 'A',
      method: 'plate-fuzzy',
    })
    expect(one([mine, stay('B', ['08:00'], { plate: 'MAB1Z34' })], plug).outcome).toBe('review')
    expect(one([mine, stay('B', ['08:00'], { plate: 'MA8I234' })], plug).outcome).toBe('review')
  })

  test('a neighbour in the number series is not the same car', () => {
    const plug = session('s', ['09:10'], { plate: 'MAB1238' })
    expect(one([stay('A', ['09:00'], { plate: 'MAB1233' })], plug)).toMatchObject({ outcome: 'review' })
    expect(
      one([stay('A', ['09:00'], { plate: 'MAB1238' }), stay('B', ['09:00'], { plate: 'MAB1233' })], plug),
    ).toMatchObject({
      outcome: 'linked',
      stayId: 'A',
    })
  })

  test('a misread plate with its bay links', () => {
    const bays = [{ bayId: 'b1', from: at('09:05'), to: null }]
    const plug = session('s', ['09:10'], { plate: 'WOBBS1', bayId: 'b1' })
    const decision = one(
      [stay('A', ['09:00'], { plate: 'W0B8S1', bays }), stay('B', ['08:40'], { plate: 'WOB851' })],
      plug,
    )
    expect(decision).toMatchObject({ outcome: 'linked', stayId: 'A' })
  })

  test('a misread plate that another session owns for sure is not given to a second', () => {
    const stays = [stay('A', ['08:00'], { plate: 'MAB1234' })]
    const owner = session('own', ['08:05', '09:00'], { plate: 'MAB1234' })
    const guest = session('guest', ['09:30', '10:00'], { plate: 'MA81234' })
    const [guests, owners] = decide(stays, [owner, guest])
    expect(owners).toMatchObject({ sessionId: 'own', outcome: 'linked' })
    expect(guests).toMatchObject({ sessionId: 'guest', outcome: 'review', reason: 'plate-not-unique' })
  })
})

describe('cards', () => {
  test('a cut reading that fits two enrolled cards is a question', () => {
    const gate = stay('A', ['09:00'], { presentations: [card('68AF04', { fitsEnrolled: 2 })] })
    const decision = one([gate], session('s', ['09:05'], { presentations: [card('04AF68DAC85A80')] }))
    expect(decision).toMatchObject({ outcome: 'review', reason: 'ambiguous-card' })
    const withBay = one(
      [{ ...gate, bays: [{ bayId: 'b1', from: at('09:02'), to: null }] }],
      session('s', ['09:05'], { presentations: [card('04AF68DAC85A80')], bayId: 'b1' }),
    )
    expect(withBay).toMatchObject({ outcome: 'review', reason: 'ambiguous-card' })
    expect(explainDecision(withBay).join(' ')).toContain('2 enrolled cards fit')
  })

  test('a cut reading links when exactly one enrolled card fits, and asks when nobody is enrolled', () => {
    const gate = (fitsEnrolled?: number) => [
      stay('A', ['09:00'], { presentations: [card('68AF04', { fitsEnrolled })] }),
    ]
    const plug = session('s', ['09:05'], { presentations: [card('04AF68DAC85A80')] })
    expect(one(gate(1), plug)).toMatchObject({ outcome: 'linked', method: 'card-form' })
    expect(one(gate(), plug)).toMatchObject({ outcome: 'review', reason: 'weak-identity' })
  })

  test('two cards that fit one cut reading are both questions, whenever they charged', () => {
    const stays = [stay('A', ['08:00'], { presentations: [card('68AF04', { fitsEnrolled: 1 })] })]
    const decisions = decide(stays, [
      session('s1', ['08:05', '09:00'], { presentations: [card('04AF68DAC85A80')] }),
      session('s2', ['10:00', '11:00'], { presentations: [card('04AF6811223344')] }),
    ])
    expect(decisions.map(({ outcome }) => outcome)).toEqual(['review', 'review'])
    expect(decisions[0]).toMatchObject({ reason: 'shared-partial' })
  })

  test('one card, two stays in a row: the times decide', () => {
    const stays = [stay('A', ['08:00', '10:00'], key), stay('B', ['10:30', '12:00'], key)]
    expect(one(stays, session('s', ['08:10'], key))).toMatchObject({ outcome: 'linked', stayId: 'A' })
    expect(one(stays, session('s', ['10:35'], key))).toMatchObject({ outcome: 'linked', stayId: 'B' })
    expect(one(stays, session('s', ['14:00'], key))).toMatchObject({ outcome: 'none', reason: 'excluded' })
  })

  test('one card, the first exit was never seen: the car that came in again is meant', () => {
    const stays = [stay('A', ['08:00'], key), stay('B', ['1 08:00'], key)]
    expect(one(stays, session('s', ['1 08:10'], key))).toMatchObject({ outcome: 'linked', stayId: 'B' })
    expect(one(stays, session('s', ['09:00'], key))).toMatchObject({ outcome: 'linked', stayId: 'A' })
  })

  test('one card let two cars in: the gates read two plates, so nobody guesses', () => {
    const stays = [
      stay('A', ['08:00'], { ...key, plate: 'MAB1234' }),
      stay('B', ['08:05'], { ...key, plate: 'HXY999' }),
    ]
    expect(one(stays, session('s', ['08:10'], key))).toMatchObject({ outcome: 'review', reason: 'near-tie' })
    expect(one(stays, session('s', ['08:10'], { ...key, plate: 'HXY999' }))).toMatchObject({
      outcome: 'linked',
      stayId: 'B',
    })
  })
})

describe('accounts', () => {
  const fleet = { accountId: 'fleet' }

  test('a fleet account with two cars inside is a question, unless the vehicle is known', () => {
    const stays = [
      stay('A', ['09:00'], { ...fleet, vehicleId: 'v1' }),
      stay('B', ['09:02'], { ...fleet, vehicleId: 'v2' }),
    ]
    expect(one(stays, session('s', ['09:05'], fleet))).toMatchObject({ outcome: 'review', reason: 'near-tie' })
    expect(one(stays, session('s', ['09:05'], { ...fleet, vehicleId: 'v2' }))).toMatchObject({
      outcome: 'linked',
      stayId: 'B',
    })
  })

  test('certain facts that contradict each other go to a person', () => {
    const decision = one(
      [stay('A', ['09:00'], { ...key, accountId: 'a' })],
      session('s', ['09:05'], { ...key, accountId: 'b' }),
    )
    expect(decision).toMatchObject({ outcome: 'review', reason: 'contradiction' })
    expect(explainDecision(decision)).toContain('Against it: gate and charger know two different accounts.')
  })
})

describe('a car has one charging port', () => {
  test('sessions one after another share a stay', () => {
    const stays = [stay('A', ['08:00'], { plate: 'MAB1234' })]
    const decisions = decide(stays, [
      session('s1', ['08:05', '09:00'], { plate: 'MAB1234' }),
      session('s2', ['09:05', '10:00'], { plate: 'MAB1234' }),
    ])
    expect(decisions).toMatchObject([
      { outcome: 'linked', stayId: 'A' },
      { outcome: 'linked', stayId: 'A' },
    ])
  })

  test('two at once by plate are a question, both of them', () => {
    const stays = [stay('A', ['08:00'], { plate: 'MAB1234' })]
    const decisions = decide(stays, [
      session('s1', ['08:05', '09:00'], { plate: 'MAB1234' }),
      session('s2', ['08:10', '10:00'], { plate: 'MAB1234' }),
    ])
    expect(decisions).toMatchObject([
      { outcome: 'review', reason: 'two-cables' },
      { outcome: 'review', reason: 'two-cables' },
    ])
  })

  test('the better founded one keeps the stay', () => {
    const bays = [{ bayId: 'b1', from: at('08:03'), to: null }]
    const stays = [stay('A', ['08:00'], { plate: 'MAB1234', bays })]
    const decisions = decide(stays, [
      session('s1', ['08:05', '09:00'], { plate: 'MAB1234', bayId: 'b1' }),
      session('s2', ['08:10', '10:00'], { plate: 'MAB1234', bayId: 'b2' }),
    ])
    expect(decisions).toMatchObject([{ outcome: 'linked' }, { outcome: 'review', reason: 'two-cables' }])
  })

  test('the same card may start two chargers, and both belong to its stay', () => {
    const decisions = decide(
      [stay('A', ['08:00'], key)],
      [session('s1', ['08:05', '09:00'], key), session('s2', ['08:10'], key)],
    )
    expect(decisions).toMatchObject([{ outcome: 'linked' }, { outcome: 'linked' }])
  })

  test('clocks that disagree a little while the car moves to the next charger are no second cable', () => {
    const decisions = decide(
      [stay('A', ['08:00'], { plate: 'MAB1234' })],
      [
        session('s1', ['08:05', '09:00'], { plate: 'MAB1234' }),
        session('s2', ['08:56', '10:00'], { plate: 'MAB1234' }),
      ],
    )
    expect(decisions).toMatchObject([{ outcome: 'linked' }, { outcome: 'linked' }])
  })
})

describe('times', () => {
  test('one session that spans exit and re-entry belongs to the stay it began in', () => {
    const stays = [stay('A', ['08:00', '12:00'], key), stay('B', ['12:30', '18:00'], key)]
    expect(one(stays, session('s', ['08:10', '17:50'], key))).toMatchObject({ outcome: 'linked', stayId: 'A' })
  })

  test('being alone in the garage at the right time is no identity', () => {
    const decision = one([stay('A', ['09:00'])], session('s', ['09:02']))
    expect(decision).toMatchObject({ outcome: 'none', reason: 'no-candidate' })
  })

  test('the bay alone is a question', () => {
    const bays = [{ bayId: 'b1', from: at('09:01'), to: null }]
    expect(one([stay('A', ['09:00'], { bays })], session('s', ['09:02'], { bayId: 'b1' }))).toMatchObject({
      outcome: 'review',
      reason: 'weak-identity',
    })
  })

  test('a clerk reads why a stay is out', () => {
    const decision = one([stay('A', ['09:00', '10:00'], key)], session('s', ['10:40'], key))
    expect(explainDecision(decision, () => 'the stay with ticket 4711')).toEqual([
      'No stay linked. The same driver or car has a stay, but it cannot be this one.',
      'The stay with ticket 4711: the stay ended 40 minutes before the cable went in.',
    ])
  })
})

describe("people's word", () => {
  const stays = [stay('A', ['09:00'], key), stay('B', ['09:00'])]
  const plug = session('s', ['09:05'], key)

  test('what a person linked stays linked, against all evidence', () => {
    expect(one(stays, plug, [byPerson('s', 'B', 'linked')])).toMatchObject({
      outcome: 'linked',
      stayId: 'B',
      decidedBy: 'person',
    })
    expect(one([stay('V', ['12:00'], { state: 'voided' })], plug, [byPerson('s', 'V', 'linked')])).toMatchObject({
      outcome: 'linked',
      stayId: 'V',
      warning: 'The stay was voided.',
    })
    expect(one([], plug, [byPerson('s', 'gone', 'linked')])).toMatchObject({
      stayId: 'gone',
      method: 'person',
      evidence: [],
    })
  })

  test.each(['rejected', 'unlinked'] as const)('what a person %s is never linked again', (state) => {
    expect(one(stays, plug, [byPerson('s', 'A', state)])).toMatchObject({
      outcome: 'none',
      reason: 'refused-by-person',
    })
    const third = stay('C', ['09:00'], key)
    expect(one([...stays, third], plug, [byPerson('s', 'A', state)])).toMatchObject({ outcome: 'linked', stayId: 'C' })
  })

  test('the later word holds', () => {
    expect(
      one(stays, plug, [byPerson('s', 'A', 'unlinked', '12:00'), byPerson('s', 'A', 'linked', '13:00')]),
    ).toMatchObject({
      decidedBy: 'person',
    })
    expect(
      one(stays, plug, [byPerson('s', 'A', 'linked', '12:00'), byPerson('s', 'A', 'unlinked', '13:00')]),
    ).toMatchObject({
      outcome: 'none',
    })
    expect(
      one(stays, plug, [byPerson('s', 'A', 'linked', '12:00'), byPerson('s', 'B', 'linked', '13:00')]),
    ).toMatchObject({
      stayId: 'B',
    })
  })

  test('the hub is not bound by itself', () => {
    const hub = (state: ExistingLink['state'], stayId: string): ExistingLink => ({
      sessionId: 's',
      stayId,
      state,
      decidedBy: 'hub',
    })
    expect(one(stays, plug, [hub('linked', 'B'), hub('rejected', 'A')])).toEqual(one(stays, plug))
  })

  test('a session linked by a person takes the stay from one that only the plate links', () => {
    const car = [stay('A', ['08:00'], { plate: 'MAB1234' })]
    const decisions = decide(
      car,
      [session('s1', ['08:05', '09:00'], { plate: 'MAB1234' }), session('s2', ['08:10', '10:00'])],
      [byPerson('s2', 'A', 'linked')],
    )
    expect(decisions).toMatchObject([
      { outcome: 'review', reason: 'two-cables' },
      { outcome: 'linked', decidedBy: 'person' },
    ])
  })
})
