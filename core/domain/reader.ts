// Owns what a camera or card reader saw, in neutral words, and the door through which it is told.
// Must not say what a read means: that is the binding of the reader to its lane, bay or zone.

export interface PlateRead {
  /** The vendor's name of this read, or a hash of camera, time and plate where there is none. */
  id: string
  /** Higher replaces lower: a plate that was corrected, a full record after a first one. */
  revision: number
  /** As the camera names itself: serial number, channel, camera id. */
  reader: string
  takenAt: Date
  /** As it came, trimmed; never a vendor's word for "no plate". */
  plate: string
  /** With the letters that stand on the car, where the camera keeps them. */
  original?: string
  /** 0..1 */
  confidence?: number
  /** 0..1 per character of `plate`. */
  charConfidence?: readonly number[]
  /** ISO 3166 alpha-2 in capitals; absent when the camera does not know. */
  country?: string
  /** State or province, as ISO 3166-2 names it after the hyphen. */
  region?: string
  candidates?: readonly { plate: string; confidence?: number }[]
  /** Which way the car moved as the camera tells it; the lane's binding has the last word. */
  movement?: 'towards' | 'away' | 'in' | 'out'
  /** Several reads of one arrival share it. */
  arrivalId?: string
  vehicle?: { make?: string; model?: string; color?: string; kind?: string }
  images?: readonly ReadImage[]
  /** The camera was offline and tells it late. */
  backfilled?: boolean
}

export type ReadImage =
  | { kind: ImageKind; contentType: string; bytes: Uint8Array }
  /** Kept by the vendor; fetched only when somebody looks. */
  | { kind: ImageKind; url: string; expiresAt?: Date }
export type ImageKind = 'plate' | 'vehicle' | 'scene'

export interface CardRead {
  id: string
  revision: number
  reader: string
  takenAt: Date
  /** As the reader gave it. */
  raw: string
  encoding?: string
  bitLength?: number
  backfilled?: boolean
}

/** A space that a camera or sensor watches. */
export interface SpaceRead {
  id: string
  revision: number
  reader: string
  takenAt: Date
  /** As the vendor names the space. */
  space: string
  occupied: boolean
  plate?: { text: string; confidence?: number; country?: string }
  images?: readonly ReadImage[]
}

export type ReaderReport =
  | ({ type: 'plate' } & PlateRead)
  | ({ type: 'card' } & CardRead)
  | ({ type: 'space' } & SpaceRead)

export type ReportResult =
  | { id: string; revision: number; status: 'stored' | 'duplicate' | 'superseded' | 'repeat' }
  /** Stored, but nothing follows from it: nobody has said yet where this reader stands. */
  | { id: string; revision: number; status: 'unbound' }
  | { id: string; revision: number; status: 'rejected'; reason: string; pointer?: string }

/** The door of one reader connection into the core. */
export interface ReaderSink {
  /** Stores each report or says why not, one by one; resolves once the stored ones are committed. */
  report(reports: readonly ReaderReport[]): Promise<ReportResult[]>
  /** The reader is alive, though it has nothing to tell. Missing it for long is a fault of the equipment. */
  alive(reader: string, at: Date): void
}
