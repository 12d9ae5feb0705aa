// Owns what link scoring is told about a stay and about a charging session: plain data, no records.
// Must not hold anything that scoring does not use.
import type { CanonicalKey, Presentation } from '../credential/index.ts'
import type { ParkerKind } from '../parking-fact.ts'
import type { LinkPolicy } from './link-policy.ts'
import type { PlateModel } from './plate-model.ts'

export interface LinkPresentation extends Presentation {
  /** The canonical key it was given, when it has one; a partial key counts as none here. */
  key?: CanonicalKey | null | undefined
  /** The enrolled credential it was found to be. Leave out when more than one fits. */
  credentialId?: string | null | undefined
  /**
   * For a reading with bytes missing: how many credentials enrolled at the site it fits. 1 lets it link, more sends it to a
   * person, absent or 0 (a visitor's card) makes it weak evidence.
   */
  fitsEnrolled?: number | undefined
}

export interface PlateRead {
  text: string
  at: Date
  /** 0..1 as the camera gave it. */
  confidence?: number | undefined
  /** 0..1 for each character of `text`. */
  charConfidence?: readonly number[] | undefined
  lane?: string | undefined
  country?: string | undefined
  /** The camera's other guesses, without the first. */
  candidates?: readonly { text: string; confidence?: number | undefined }[] | undefined
}

export interface BayInterval {
  bayId: string
  from: Date
  to: Date | null
  /**
   * Who says that this stay's car stood there. `session`: known only from a charging session linked before, which proves nothing
   * about a link and is not used. Default `sensor`.
   */
  source?: 'camera' | 'sensor' | 'parcs' | 'session' | undefined
  /** What a bay camera read there. */
  plate?: string | undefined
}

export interface StayView {
  id: string
  siteId: string
  enteredAt: Date | null
  exitedAt: Date | null
  presentations: readonly LinkPresentation[]
  plateReads: readonly PlateRead[]
  accountId: string | null
  vehicleId: string | null
  /** Plates registered to the stay's account. */
  accountPlates?: readonly string[] | undefined
  bays: readonly BayInterval[]
  parkerKind: ParkerKind
  state: 'open' | 'closed' | 'exit_only' | 'voided'
}

export interface SessionPlate {
  text: string
  country?: string | undefined
  /** 0..1, when a camera read it. */
  confidence?: number | undefined
  charConfidence?: readonly number[] | undefined
  /** The bay or charger whose camera read it; absent when it was told or is on record. */
  reader?: string | undefined
}

export interface SessionView {
  id: string
  siteId: string
  evseId: string
  /** The bay its EVSE serves. */
  bayId: string | null
  pluggedAt: Date
  unpluggedAt: Date | null
  presentations: readonly LinkPresentation[]
  accountId: string | null
  vehicleId: string | null
  /** The plate this session is known by: told by the driver, the vehicle's record, or a camera at the bay. */
  plate: SessionPlate | null
  /** Plates registered to the session's account. */
  accountPlates?: readonly string[] | undefined
  /** OCPP token type, in any spelling; gives presentations without a kind theirs. */
  idTokenKind: string | null
}

/** What a decision depends on beside the facts. */
export interface LinkTerms {
  policy: LinkPolicy
  model: PlateModel
}

/** A pair that was decided before. Only what people decided binds; the hub's own decisions are made anew from the facts. */
export interface ExistingLink {
  sessionId: string
  stayId: string
  state: 'linked' | 'review' | 'rejected' | 'unlinked' | 'withdrawn'
  decidedBy: 'hub' | 'person'
  /** Settles which of two `linked` by people holds for one session: the later. */
  decidedAt?: Date | undefined
  /** Of a link that the hub made: what it was made under. A change of it later does not take apart what was linked. */
  madeUnder?: LinkTerms | null | undefined
}
