// Owns how money that was taken or given back is spread over what it pays for.
// Must not lose or make a minor unit: parts always sum to the amount.

export interface PaidShare {
  /** `stay:…`, `session:…`, `prepaid:…`. */
  subjectKey: string
  /** Asked for. */
  amountMinor: number
  /** Taken less given back so far. */
  paidMinor: number
}

export interface Part {
  /** Null: belongs to none of them, more was paid than they ask for. */
  subjectKey: string | null
  amountMinor: number
}

/** In the order of the shares; what is over belongs to the last one, whose payment it will be found with. */
export function spreadCapture(shares: readonly PaidShare[], amountMinor: number): Part[] {
  return spread(
    shares.map(({ subjectKey, amountMinor: asked, paidMinor }) => ({
      subjectKey,
      room: Math.max(0, asked - paidMinor),
    })),
    amountMinor,
  )
}

/** From the share it is for, if any, then the last one first; never more from one than was paid for it. */
export function spreadRefund(shares: readonly PaidShare[], amountMinor: number, first: string | null): Part[] {
  const back = [...shares].reverse()
  const ordered = [...back.filter((one) => one.subjectKey === first), ...back.filter((one) => one.subjectKey !== first)]
  return spread(
    ordered.map(({ subjectKey, paidMinor }) => ({ subjectKey, room: Math.max(0, paidMinor) })),
    amountMinor,
  )
}

function spread(rooms: readonly { subjectKey: string; room: number }[], amountMinor: number): Part[] {
  const parts: Part[] = []
  let left = amountMinor
  for (const { subjectKey, room } of rooms) {
    const taken = Math.min(left, room)
    if (taken > 0) parts.push({ subjectKey, amountMinor: taken })
    left -= taken
  }
  if (left === 0) return parts
  const last = rooms.at(-1)?.subjectKey ?? null
  const same = parts.findIndex((part) => part.subjectKey === last)
  return same === -1
    ? [...parts, { subjectKey: last, amountMinor: left }]
    : parts.map((part, i) => (i === same ? { ...part, amountMinor: part.amountMinor + left } : part))
}
