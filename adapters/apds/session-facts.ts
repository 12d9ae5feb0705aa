// Owns what a session says in the hub's words: a stay that began, ended or was reopened, and the bays the car was seen in.
// Must not depend on what was said before, except where an end is taken back.
import type { ParkingFact, ReportedCredential } from '../../core/plugin/index.ts'
import { fromApds, plainText } from './credential-words.ts'
import type { Session } from './objects.ts'

export interface SessionContext {
  /** The version that is replaced, when there is one. */
  before: Session | null
  /** The bay's code at the hub for a space's id. */
  bayOf(spaceId: string): string
  backfilled: boolean
}

/**
 * The same facts for the same version, however often it comes. The id names the part of the session, the revision is its version:
 * a correction replaces, and a lower version that comes late changes nothing.
 */
export function sessionFacts(session: Session, { before, bayOf, backfilled }: SessionContext): ParkingFact[] {
  const { id, version: revision, actualStart, actualEnd, segments = [] } = session
  const credentials = credentialsOf(session)
  const shared = { revision, backfilled, stayRef: id }
  const name = `session/${id}`
  const opened: ParkingFact = {
    ...shared,
    id: `${name}/opened`,
    type: 'stay.opened',
    occurredAt: new Date(actualStart),
    data: {
      enteredAt: iso(actualStart),
      credentials,
      ...(byPermit(session) ? { parkerKind: 'contract' as const } : {}),
    },
  }
  const ending: ParkingFact[] = actualEnd
    ? [
        {
          ...shared,
          id: `${name}/closed`,
          type: 'stay.closed',
          occurredAt: new Date(actualEnd),
          data: { exitedAt: iso(actualEnd) },
        },
      ]
    : before?.actualEnd
      ? [
          {
            ...shared,
            id: `${name}/closed`,
            type: 'stay.corrected',
            occurredAt: new Date(before.actualEnd),
            data: { changed: { exitedAt: null } },
          },
        ]
      : []
  const seen = segments.flatMap((segment): ParkingFact[] => {
    if (!segment.spaceId) return []
    const shown = segment.credentialId
      ? credentials.filter((one) => plainText(one.value) === plainText(segment.credentialId?.id ?? ''))
      : []
    return [
      {
        ...shared,
        id: `${name}/segment/${segment.id}`,
        type: 'credential.observed',
        occurredAt: new Date(segment.actualStart),
        data: { role: 'bay', bay: bayOf(segment.spaceId.id), credentials: shown.length > 0 ? shown : credentials },
      },
    ]
  })
  return [opened, ...ending, ...seen]
}

/** A session that was deleted never was. It has no version of its own, and its time is the session's, so that a repeat is the same. */
export function deletedSession(session: Session, backfilled: boolean): ParkingFact {
  return {
    id: `session/${session.id}/voided`,
    revision: 1,
    type: 'stay.voided',
    occurredAt: new Date(session.actualStart),
    backfilled,
    stayRef: session.id,
    data: { reason: 'deleted' },
  }
}

/** A segment says by what kind of credential it was entered. */
function byPermit({ segments = [] }: Session): boolean {
  return segments.some(
    ({ validationType = [] }) => validationType.includes('permit') || validationType.includes('hangtag'),
  )
}

function credentialsOf({ identifiedCredentials, identifiedVehicle }: Session): ReportedCredential[] {
  return identifiedCredentials.map((one) => fromApds(one, identifiedVehicle?.country))
}

export function iso(text: string): string {
  return new Date(text.toUpperCase()).toISOString()
}
