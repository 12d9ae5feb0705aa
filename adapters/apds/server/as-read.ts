// Owns what the receiver adds to a partner's session or right before others read it: who began it, and who took the money.
// Must not change what the partner said.
import type { AssignedRight, Segment, Session, VersionedReference } from '../objects.ts'
import { isWholeRight } from '../objects.ts'

/** `initiator` is required and the receiver's to set (readOnly in the document). */
export function sessionAsRead(
  session: Session & { initiator?: VersionedReference },
  partner: VersionedReference,
): Session {
  const { segments } = session
  return {
    ...session,
    initiator: session.initiator ?? partner,
    ...(segments ? { segments: segments.map((one) => segmentAsRead(one, partner)) } : {}),
  } as Session
}

function segmentAsRead(segment: Segment, partner: VersionedReference): Segment {
  const { assignedRight } = segment
  return assignedRight && isWholeRight(assignedRight)
    ? { ...segment, assignedRight: rightAsRead(assignedRight, partner) }
    : segment
}

/** So is the `serviceProvider` of a payment. */
export function rightAsRead(right: AssignedRight, partner: VersionedReference): AssignedRight {
  const { payments } = right
  return payments === undefined
    ? right
    : { ...right, payments: payments.map((one) => ({ ...one, serviceProvider: one.serviceProvider ?? partner })) }
}
