// Owns the comparison of true stays with recorded ones, one to one by the parking system's number.
// Must not look at sessions or money.
import type { HubAnswers, HubStay } from './hub-answers.ts'
import type { Difference, Reconciliation } from './reconciliation.ts'
import type { Truth, TruthStay } from './scenario/index.ts'

type Note = (difference: Difference) => void

export function reconcileStays(truth: Truth, hub: HubAnswers, note: Note): Reconciliation['stays'] {
  const alive = new Map<string, HubStay[]>()
  const voided = new Set<string>()
  for (const stay of hub.stays) {
    if (stay.state === 'voided') voided.add(stay.ref ?? '')
    else alive.set(stay.ref ?? '', [...(alive.get(stay.ref ?? '') ?? []), stay])
  }
  let matched = 0
  for (const stay of truth.stays) {
    const [found, ...more] = alive.get(stay.ref) ?? []
    alive.delete(stay.ref)
    if (!found) {
      note({ class: 'stay not recorded', explained: false, subject: stay.ref, detail: 'no stay has this number' })
      continue
    }
    matched += 1
    for (const other of more) {
      note({ class: 'stay recorded twice', explained: false, subject: stay.ref, detail: `${found.id} and ${other.id}` })
    }
    compareTimes(stay, found, note)
  }
  for (const ref of truth.voidedStayRefs) {
    if (!alive.has(ref)) continue
    note({
      class: 'voided stay still counts',
      explained: false,
      subject: ref,
      detail: 'the parking system took it back',
    })
    alive.delete(ref)
  }
  for (const [ref, list] of alive) {
    for (const stay of list) {
      const subject = ref || stay.id
      note({
        class: 'stay that nobody made',
        explained: false,
        subject,
        detail: `${stay.state}, in at ${iso(stay.enteredAt)}`,
      })
    }
  }
  return {
    true: truth.stays.length,
    recorded: hub.stays.filter((stay) => stay.state !== 'voided').length,
    matched,
    voided: truth.voidedStayRefs.filter((ref) => voided.has(ref)).length,
  }
}

function compareTimes(stay: TruthStay, found: HubStay, note: Note): void {
  const subject = stay.ref
  if (stay.entryMissing) {
    note({ class: 'entry never reported', explained: true, subject, detail: `the hub says ${iso(found.enteredAt)}` })
  } else if (found.enteredAt?.getTime() !== stay.enteredAt.getTime()) {
    const detail = `${iso(found.enteredAt)} instead of ${iso(stay.enteredAt)}`
    note({ class: 'entry time differs', explained: false, subject, detail })
  }
  if (stay.exitMissing) {
    note({
      class: 'exit never reported',
      explained: true,
      subject,
      detail: `the hub says ${found.state}, ${iso(found.exitedAt)}`,
    })
  } else if (found.exitedAt?.getTime() !== stay.exitedAt.getTime()) {
    const detail = `${iso(found.exitedAt)} instead of ${iso(stay.exitedAt)}`
    note({ class: 'exit time differs', explained: false, subject, detail })
  }
}

const iso = (at: Date | null) => at?.toISOString() ?? 'unknown'
