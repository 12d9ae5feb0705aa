// Owns what each kind of evidence says about one pair, and what rules a pair out.
// Must not test decisions between several stays; decide-links.test.ts does.
import { describe, expect, test } from 'vitest'
import { defaultLinkPolicy, linkMethods, scoreLink } from '../../../core/domain/link/index.ts'
import { at, card, session, stay } from './link-views.ts'

const { autoThreshold, reviewThreshold } = defaultLinkPolicy

describe('evidence', () => {
  test('the same card', () => {
    const found = scoreLink(
      stay('A', ['09:00'], { presentations: [card('26DEFAE7')] }),
      session('s', ['09:05'], { presentations: [card('26DEFAE7')] }),
    )
    expect(found.score).toBeGreaterThan(0.999)
    expect(found.evidence[0]).toMatchObject({
      method: 'credential',
      certain: true,
      detail: 'Same card at gate and charger.',
    })
  })

  test('the same card in another form, without the charger saying that it is a card', () => {
    const found = scoreLink(
      stay('A', ['09:00'], { presentations: [card('E7FADE26')] }),
      session('s', ['09:05'], { presentations: [{ raw: '26DEFAE7' }] }),
    )
    expect(found.score).toBeGreaterThan(autoThreshold)
    expect(found.evidence[0]).toMatchObject({
      method: 'card-form',
      certain: true,
      detail: 'Same card at gate and charger (between the two readers: byte order reversed).',
    })
  })

  test('an enrolled credential that the hub already recognised on both sides', () => {
    const found = scoreLink(
      stay('A', ['09:00'], { presentations: [card('AA', { credentialId: 'c1' })] }),
      session('s', ['09:05'], { presentations: [{ raw: 'completely different', credentialId: 'c1' }] }),
    )
    expect(found.evidence[0]).toMatchObject({ method: 'credential', certain: true })
  })

  test('part of a card: unique among the enrolled, unknown, ambiguous', () => {
    const score = (fitsEnrolled: number | undefined) =>
      scoreLink(
        stay('A', ['09:00'], { presentations: [card('68AF04', { fitsEnrolled })] }),
        session('s', ['09:05'], { presentations: [card('04AF68DAC85A80')] }),
      )
    expect(score(1).score).toBeGreaterThan(autoThreshold)
    expect(score(1).evidence[0]?.detail).toContain('24 of 56 bits')
    expect(score(undefined).score).toBeLessThan(autoThreshold)
    expect(score(undefined).score).toBeGreaterThan(reviewThreshold)
    expect(score(2).evidence.find(({ method }) => method === 'card-form')).toMatchObject({
      ambiguous: true,
      certain: false,
    })
    for (const fits of [1, 2, undefined]) expect(score(fits).evidence.some(({ certain }) => certain)).toBe(false)
  })

  test('ticket, also as the QR code printed on it', () => {
    const found = scoreLink(
      stay('A', ['09:00'], { presentations: [{ raw: '0099123456', kind: 'ticket' }] }),
      session('s', ['09:05'], { presentations: [{ raw: '0099123456', kind: 'qr' }] }),
    )
    expect(found.evidence[0]).toMatchObject({ method: 'ticket', certain: true })
    expect(found.score).toBeGreaterThan(autoThreshold)
  })

  test('a charging contract with and without its check digit', () => {
    const found = scoreLink(
      stay('A', ['09:00'], { presentations: [{ raw: 'DE-8AA-C12345678-9', kind: 'emaid' }] }),
      session('s', ['09:05'], { presentations: [{ raw: 'DE8AAC12345678' }], idTokenKind: 'eMAID' }),
    )
    expect(found.evidence[0]).toMatchObject({
      method: 'credential',
      detail: 'Same charging contract at gate and charger.',
    })
  })

  test('a PIN is no proof', () => {
    const found = scoreLink(
      stay('A', ['09:00'], { presentations: [{ raw: '1234', kind: 'pin' }] }),
      session('s', ['09:05'], { presentations: [{ raw: '1234', kind: 'pin' }] }),
    )
    expect(found.score).toBeLessThan(autoThreshold)
  })

  test('account and vehicle', () => {
    const parker = { accountId: 'a', vehicleId: 'v' }
    const both = scoreLink(stay('A', ['09:00'], parker), session('s', ['09:05'], parker))
    expect(both.evidence.map(({ method }) => method)).toEqual(['vehicle', 'time', 'account'])
    expect(both.score).toBeGreaterThan(autoThreshold)
  })

  test('what follows from a card is not counted again', () => {
    const gate = { presentations: [card('26DEFAE7')], accountId: 'a' }
    const counted = scoreLink(stay('A', ['09:00'], gate), session('s', ['09:05'], gate))
    const cardOnly = scoreLink(
      stay('A', ['09:00'], { presentations: gate.presentations }),
      session('s', ['09:05'], { presentations: gate.presentations }),
    )
    expect(counted.logOdds - cardOnly.logOdds).toBeLessThan(1)
  })

  test('plate: exact, misread, too far', () => {
    const score = (read: string) =>
      scoreLink(stay('A', ['09:00'], { plate: read }), session('s', ['09:05'], { plate: 'MAB 1234' }))
    expect(score('M-AB 1234').evidence[0]).toMatchObject({ method: 'plate', certain: true })
    expect(score('MA81234').evidence[0]).toMatchObject({ method: 'plate-fuzzy', certain: false })
    expect(score('MA81234').score).toBeGreaterThan(autoThreshold)
    expect(score('HAB1234').score).toBeLessThan(autoThreshold)
    expect(score('HAB1234').score).toBeGreaterThan(reviewThreshold)
    expect(score('MAB1299').excluded).toMatchObject({ reason: 'other-plate' })
    expect(score('unknown').plateDistance).toBeNull()
    expect(score('unknown').score).toBeLessThan(reviewThreshold)
  })

  test('a plate of the account that charged, one of several', () => {
    const found = scoreLink(
      stay('A', ['09:00'], { plate: 'MAB1234' }),
      session('s', ['09:05'], { accountId: 'a', plate: 'HXY999', accountPlates: ['HXY999', 'MAB1234'] }),
    )
    expect(found.excluded).toBeUndefined()
    expect(found.evidence[0]).toMatchObject({ method: 'plate', certain: true })
    expect(found.evidence[0]?.detail).toContain('registered to the account that charged')
  })

  test('the second reading of the camera', () => {
    const found = scoreLink(
      stay('A', ['09:00'], {
        plateReads: [
          { text: 'MAB1294', at: at('09:00'), confidence: 0.6, candidates: [{ text: 'MAB1234', confidence: 0.3 }] },
        ],
      }),
      session('s', ['09:05'], { plate: 'MAB1234' }),
    )
    expect(found.evidence[0]).toMatchObject({ method: 'plate-fuzzy', certain: false })
    expect(found.score).toBeGreaterThan(reviewThreshold)
  })

  test('the same text from two countries is doubt, not proof either way', () => {
    const found = scoreLink(stay('A', ['09:00'], { plateReads: [{ text: 'AB123', country: 'DE', at: at('09:00') }] }), {
      ...session('s', ['09:05']),
      plate: { text: 'AB123', country: 'AT' },
    })
    expect(found.excluded).toBeUndefined()
    expect(found.evidence[0]).toMatchObject({ method: 'plate-fuzzy', certain: false })
  })

  test('bay: strong, but not who it is; a bay camera that read the plate is', () => {
    const bay = (more: object) =>
      stay('A', ['09:00'], { plate: 'MAB1234', bays: [{ bayId: 'b7', from: at('09:03'), to: null, ...more }] })
    const plug = session('s', ['09:05'], { bayId: 'b7' })
    const sensor = scoreLink(bay({}), plug)
    expect(sensor.evidence[0]).toMatchObject({ method: 'bay', certain: false })
    expect(sensor.evidence[0]?.detail).toBe(
      'The car of this stay took the bay of this charger 2 minutes before the cable went in.',
    )
    expect(sensor.score).toBeGreaterThan(reviewThreshold)
    expect(sensor.score).toBeLessThan(autoThreshold)
    expect(scoreLink(bay({ source: 'camera', plate: 'MA81234' }), plug).evidence[0]).toMatchObject({
      method: 'bay-plate',
      certain: true,
    })
    expect(scoreLink(bay({ source: 'camera', plate: 'HXY999' }), plug).evidence[0]).toMatchObject({ method: 'bay' })
    expect(scoreLink(bay({ source: 'session' }), plug).score).toBeLessThan(reviewThreshold)
    const elsewhere = scoreLink(bay({ bayId: 'b8', from: at('08:30') }), plug)
    expect(elsewhere.evidence.find(({ method }) => method === 'bay')?.weight).toBeLessThan(0)
  })

  test('every piece names a known method, the strongest first', () => {
    const facts = { presentations: [card('26DEFAE7')], plate: 'MAB1234', accountId: 'a', vehicleId: 'v' }
    const bays = [{ bayId: 'b7', from: at('09:03'), to: null }]
    const { evidence } = scoreLink(
      stay('A', ['09:00'], { ...facts, bays }),
      session('s', ['09:05'], { ...facts, bayId: 'b7' }),
    )
    for (const { method } of evidence) expect(linkMethods).toContain(method)
    expect(evidence.map(({ weight }) => weight)).toEqual(evidence.map(({ weight }) => weight).sort((a, b) => b - a))
    expect(evidence).toHaveLength(6)
  })

  test('time alone stays far below review', () => {
    const found = scoreLink(stay('A', ['09:00', '11:00']), session('s', ['09:02', '10:58']))
    expect(found.evidence.map(({ method }) => method)).toEqual(['time'])
    expect(found.score).toBeLessThan(reviewThreshold)
  })
})

describe('impossible pairs', () => {
  const key = { presentations: [card('26DEFAE7')] }
  const cases: [string, ReturnType<typeof scoreLink>, string, string][] = [
    [
      'another site',
      scoreLink(stay('A', ['09:00'], key), session('s', ['09:05'], { ...key, siteId: 'other' })),
      'other-site',
      'different sites',
    ],
    [
      'a voided stay',
      scoreLink(stay('A', ['09:00'], { ...key, state: 'voided' }), session('s', ['09:05'], key)),
      'voided',
      'voided',
    ],
    [
      'plugged in before the entry',
      scoreLink(stay('A', ['09:00'], key), session('s', ['08:20'], key)),
      'before-entry',
      'The stay began 40 minutes after the cable went in.',
    ],
    [
      'plugged in after the exit',
      scoreLink(stay('A', ['09:00', '10:00'], key), session('s', ['10:40'], key)),
      'after-exit',
      'The stay ended 40 minutes before the cable went in.',
    ],
    [
      'after an exit without entry',
      scoreLink(stay('A', [null, '10:00'], { ...key, state: 'exit_only' }), session('s', ['13:10'], key)),
      'after-exit',
      'The stay ended 3 hours 10 minutes before the cable went in.',
    ],
    [
      'two accounts',
      scoreLink(stay('A', ['09:00'], { accountId: 'a' }), session('s', ['09:05'], { accountId: 'b' })),
      'other-account',
      'two different accounts',
    ],
    [
      'two vehicles of one account',
      scoreLink(
        stay('A', ['09:00'], { accountId: 'a', vehicleId: 'v' }),
        session('s', ['09:05'], { accountId: 'a', vehicleId: 'w' }),
      ),
      'other-vehicle',
      'two different vehicles',
    ],
    [
      'two surely read plates',
      scoreLink(
        stay('A', ['09:00'], { plate: 'MAB1234', accountId: 'a' }),
        session('s', ['09:05'], { plate: 'HXY999', accountId: 'a' }),
      ),
      'other-plate',
      'MAB1234',
    ],
    [
      'an impossible date',
      scoreLink(stay('A', ['09:00'], key), { ...session('s', ['09:05'], key), pluggedAt: new Date(Number.NaN) }),
      'no-time',
      'not known',
    ],
  ]
  test.each(cases)('%s', (_, found, reason, words) => {
    expect(found).toMatchObject({ score: 0, excluded: { reason } })
    expect(found.excluded?.detail).toContain(words)
  })

  test('clocks may disagree by the tolerance, which costs', () => {
    const inside = scoreLink(stay('A', ['09:00'], key), session('s', ['09:01'], key))
    const early = scoreLink(stay('A', ['09:00'], key), session('s', ['08:52'], key))
    const late = scoreLink(stay('A', ['09:00', '10:00'], key), session('s', ['10:08'], key))
    expect(early.excluded).toBeUndefined()
    expect(late.excluded).toBeUndefined()
    expect(early.logOdds).toBeLessThan(inside.logOdds)
    expect(late.logOdds).toBeLessThan(early.logOdds)
  })

  test('an unsure reading contradicts nothing', () => {
    const found = scoreLink(
      stay('A', ['09:00'], { plateReads: [{ text: 'HXY999', at: at('09:00'), confidence: 0.5 }], accountId: 'a' }),
      session('s', ['09:05'], { plate: 'MAB1234', accountId: 'a' }),
    )
    expect(found.excluded).toBeUndefined()
  })

  test('the same card against two plates is a contradiction to look at, not an exclusion', () => {
    const found = scoreLink(
      stay('A', ['09:00'], { ...key, plate: 'MAB1234' }),
      session('s', ['09:05'], { ...key, plate: 'HXY999' }),
    )
    expect(found.excluded).toBeUndefined()
    expect(found.contradiction).toContain('MAB1234')
  })

  test('a session that outlasts the stay is doubted, not refused', () => {
    const found = scoreLink(stay('A', ['09:00', '10:00'], key), session('s', ['09:05', '15:00'], key))
    expect(found.score).toBeGreaterThan(autoThreshold)
    expect(found.evidence.find(({ method }) => method === 'time')?.detail).toContain(
      'stayed in 5 hours beyond the exit',
    )
  })
})
