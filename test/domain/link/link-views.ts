// Owns short ways to write stays and sessions in tests.
// Must not hold expectations.
import type { LinkPresentation, SessionView, StayView } from '../../../core/domain/link/index.ts'

/** A time of one day, "09:30", or of a later one, "1 09:30". */
export function at(text: string): Date {
  const [, day = '0', time = ''] = /^(?:(\d+) )?(\d\d:\d\d)$/.exec(text) ?? []
  return new Date(Date.parse(`2026-03-02T${time}:00Z`) + Number(day) * 86_400_000)
}

export const card = (raw: string, more: Partial<LinkPresentation> = {}): LinkPresentation => ({
  raw,
  kind: 'card',
  ...more,
})

type Times<T> = Omit<Partial<T>, 'enteredAt' | 'exitedAt' | 'pluggedAt' | 'unpluggedAt'>

export function stay(
  id: string,
  [entered, exited]: [string | null, (string | null)?],
  more: Times<StayView> & { plate?: string } = {},
): StayView {
  const { plate, ...rest } = more
  const enteredAt = entered === null ? null : at(entered)
  return {
    id,
    siteId: 'garage',
    enteredAt,
    exitedAt: exited ? at(exited) : null,
    presentations: [],
    plateReads: plate === undefined ? [] : [{ text: plate, at: enteredAt ?? at('00:00'), confidence: 0.95 }],
    accountId: null,
    vehicleId: null,
    bays: [],
    parkerKind: 'transient',
    state: exited ? 'closed' : 'open',
    ...rest,
  }
}

export function session(
  id: string,
  [plugged, unplugged]: [string, (string | null)?],
  more: Omit<Times<SessionView>, 'plate'> & { plate?: string } = {},
): SessionView {
  const { plate, ...rest } = more
  return {
    id,
    siteId: 'garage',
    evseId: `evse of ${id}`,
    bayId: null,
    pluggedAt: at(plugged),
    unpluggedAt: unplugged ? at(unplugged) : null,
    presentations: [],
    accountId: null,
    vehicleId: null,
    plate: plate === undefined ? null : { text: plate },
    idTokenKind: null,
    ...rest,
  }
}
