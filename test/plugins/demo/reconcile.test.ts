// Owns the proof that the reckoning finds what is wrong, each kind of mistake by its name, and cries out for nothing else.
// Must not ask a hub.
import { describe, expect, it } from 'vitest'
import type { HubAnswers } from '../../../plugins/demo/hub-answers.ts'
import { reconcile } from '../../../plugins/demo/reconcile.ts'
import { renderReconciliation } from '../../../plugins/demo/reconcile-text.ts'
import { buildMonth, loadAcnMonth, noiseProfiles } from '../../sim/index.ts'
import { perfectHub } from './perfect-hub.ts'

const acn = loadAcnMonth()
const { truth } = buildMonth({ ...acn, sessions: acn.sessions.slice(0, 120), seed: 3, noise: noiseProfiles.default })
const perfect = perfectHub(truth)

const unexplained = (hub: HubAnswers) => {
  const classes = reconcile(truth, hub).differences.filter((one) => !one.explained)
  return [...new Set(classes.map((one) => one.class))]
}

/** The first certain session whose stay came and went, with its records. */
const normal = truth.sessions.find((one) => {
  const stay = truth.stays.find((other) => other.ref === one.stayRef)
  return (
    one.linkable === 'certain' && stay && !stay.exitMissing && stay.sessions.length === 1 && one.charges.length === 1
  )
})
if (!normal) throw new Error('the scenario has no normal session')
const sessionId = `session-${normal.id}`
const stayId = `stay-${normal.stayRef}`
const link = perfect.links.find((one) => one.sessionId === sessionId)
const bill = perfect.bills.find((one) => one.stayId === stayId)
const otherStay = perfect.stays.find((one) => one.id !== stayId && one.state === 'closed')
if (!link || !bill || !otherStay) throw new Error('the perfect hub lacks a record')

type Change<K extends keyof HubAnswers> = (list: HubAnswers[K]) => HubAnswers[K]
const change = <K extends keyof HubAnswers>(key: K, by: Change<K>): HubAnswers => ({
  ...perfect,
  [key]: by(perfect[key]),
})
const patch = <T extends { id: string }>(list: readonly T[], id: string, by: Partial<T>) =>
  list.map((one) => (one.id === id ? { ...one, ...by } : one))

describe('a hub without a mistake', () => {
  it('leaves nothing unexplained, and every watt-hour is billed', () => {
    const result = reconcile(truth, perfect)
    expect(result.differences.filter((one) => !one.explained)).toEqual([])
    expect(result.clean).toBe(true)
    expect(result.energy).toEqual({ trueWh: truth.energyWh, recordedWh: truth.energyWh, billedWh: truth.energyWh })
    expect(result.links).toMatchObject({ wrong: 0, review: 0, rightPerMille: 1000, right: result.links.linkable })
    expect(result.stays).toMatchObject({ true: truth.stays.length, matched: truth.stays.length })
    expect(result.money.postedMinor).toBe(result.money.totalMinor)
  })

  it('still has differences that are planted, by the name of the fault', () => {
    const explained = new Set(reconcile(truth, perfect).differences.map((one) => one.class))
    expect(explained).toContain('exit never reported')
    expect([...explained].some((name) => name.startsWith('no link: '))).toBe(true)
  })
})

describe('a mistake of the hub is found by its name', () => {
  const mistakes: [string, HubAnswers][] = [
    ['stay not recorded', change('stays', (list) => list.filter((one) => one.id !== otherStay.id))],
    ['stay recorded twice', change('stays', (list) => [...list, { ...otherStay, id: 'again' }])],
    ['stay that nobody made', change('stays', (list) => [...list, { ...otherStay, id: 'new', ref: 'S999999' }])],
    [
      'voided stay still counts',
      change('stays', (list) => list.map((one) => (one.state === 'voided' ? { ...one, state: 'open' } : one))),
    ],
    ['entry time differs', change('stays', (list) => patch(list, otherStay.id, { enteredAt: new Date(0) }))],
    ['exit time differs', change('stays', (list) => patch(list, otherStay.id, { exitedAt: null }))],
    ['session not recorded', change('sessions', (list) => list.filter((one) => one.id !== sessionId))],
    ['energy differs', change('sessions', (list) => patch(list, sessionId, { energyWh: normal.energyWh + 1 }))],
    ['session never ended', change('sessions', (list) => patch(list, sessionId, { state: 'active' }))],
    [
      'session that nobody had',
      change('sessions', (list) => [
        ...list,
        ...list.slice(0, 1).map((one) => ({ ...one, id: 'x', pluggedAt: new Date(0), unpluggedAt: new Date(60_000) })),
      ]),
    ],
    [
      'session recorded in parts',
      change('sessions', (list) => {
        const own = list.filter((one) => one.id === sessionId)
        return [
          ...list.filter((one) => one.id !== sessionId),
          ...own,
          ...own.map((one) => ({ ...one, id: 'half', energyWh: 0 })),
        ]
      }),
    ],
    ['wrong link', change('links', (list) => patch(list, link.id, { stayId: otherStay.id }))],
    ['link missed', change('links', (list) => list.filter((one) => one.id !== link.id))],
    [
      'only another stay is offered to a person',
      change('links', (list) => patch(list, link.id, { stayId: otherStay.id, state: 'review' })),
    ],
    [
      'energy billed more than once',
      change('bills', (list) => [...list, { ...bill, id: 'b2', number: 'B-X', subjectKey: 'other' }]),
    ],
    [
      'billed twice',
      change('bills', (list) => [
        ...list,
        { ...bill, id: 'b2', number: 'B-X', lines: [], netMinor: 0, taxMinor: 0, totalMinor: 0 },
      ]),
    ],
    [
      'energy not billed',
      change('bills', (list) => patch(list, bill.id, { lines: bill.lines.filter((one) => one.kind !== 'ENERGY') })),
    ],
    [
      'energy billed in part',
      change('bills', (list) =>
        patch(list, bill.id, {
          lines: bill.lines.map((one) => (one.kind === 'ENERGY' ? { ...one, quantity: '0.001' } : one)),
        }),
      ),
    ],
    [
      'energy billed for no session',
      change('bills', (list) =>
        patch(list, bill.id, {
          lines: [
            ...bill.lines,
            {
              ...bill.lines[0],
              kind: 'ENERGY',
              sessionId: 'gone',
              unit: 'kWh',
              quantity: '2',
              netMinor: 0,
              taxMinor: 0,
              totalMinor: 0,
              stayId: null,
            },
          ],
        }),
      ),
    ],
    [
      'bill is not the sum of its lines',
      change('bills', (list) => patch(list, bill.id, { totalMinor: bill.totalMinor + 1 })),
    ],
    ['journal and bill disagree', change('journal', (list) => list.filter((one) => one.sourceId !== bill.id))],
    [
      'stay not billed',
      change('bills', (list) => {
        const paying = truth.stays.find(
          (one) => one.parkerKind === 'transient' && one.sessions.length === 0 && !one.exitMissing && !one.entryMissing,
        )
        return list.filter((one) => one.stayId !== `stay-${paying?.ref}`)
      }),
    ],
  ]

  it.each(mistakes)('%s', (name, hub) => {
    expect(unexplained(hub)).toContain(name)
    expect(reconcile(truth, hub).clean).toBe(false)
  })

  it('payments differ', () => {
    const made = { payments: 1, paidMinor: 500 }
    expect(reconcile(truth, perfect, made).differences.filter((one) => !one.explained)).toMatchObject([
      { class: 'payments differ' },
    ])
    const payments = [{ id: 'p', kind: 'captured', stayId: null, amountMinor: 500 }]
    expect(reconcile(truth, { ...perfect, payments }, made).clean).toBe(true)
  })
})

describe('what is right although it looks different', () => {
  it('a link that waits for a person is explained, and the bill that waits with it', () => {
    const hub = change('links', (list) => patch(list, link.id, { state: 'review' }))
    const held = {
      ...hub,
      bills: hub.bills.filter((one) => one.id !== bill.id),
      journal: hub.journal.filter((one) => one.sourceId !== bill.id),
    }
    const classes = reconcile(truth, held).differences.map((one) => one.class)
    expect(classes).toContain('link left to a person although the evidence is exact')
    expect(classes).toContain('energy not billed: its link waits for a person')
    expect(unexplained(hub)).toEqual([])
  })

  it('an adjustment that takes back and bills anew counts once', () => {
    const negative = bill.lines.map((one) => ({
      ...one,
      quantity: `-${one.quantity}`,
      netMinor: -one.netMinor,
      taxMinor: -one.taxMinor,
      totalMinor: -one.totalMinor,
    }))
    const adjustment = {
      ...bill,
      id: 'a',
      number: 'B-A',
      kind: 'adjustment',
      lines: [...negative, ...bill.lines],
      netMinor: 0,
      taxMinor: 0,
      totalMinor: 0,
    }
    expect(unexplained(change('bills', (list) => [...list, adjustment]))).toEqual([])
  })
})

describe('the table', () => {
  it('says what was, what is, and what nobody can explain', () => {
    const clean = renderReconciliation(reconcile(truth, perfect))
    expect(clean).toMatch(/Delivered +[\d,]+\.\d{3} kWh/)
    expect(clean).toMatch(/Billed .* equal/)
    expect(clean).toMatch(/Exact evidence: linked right .*100\.0 %/)
    expect(clean.split('Differences, unexplained')[1]).toContain('none')
    const broken = renderReconciliation(
      reconcile(
        truth,
        change('links', (list) => patch(list, link.id, { stayId: otherStay.id })),
      ),
    )
    expect(broken.split('Differences, unexplained')[1]).toMatch(/1 {2}wrong link\n +s\d{4}: /)
  })
})
