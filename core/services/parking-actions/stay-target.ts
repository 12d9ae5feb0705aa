// Owns how a stay is named to a parking system: by every name it may know it by.
// Must not write.
import type { StayTarget } from '../../domain/parking-action.ts'
import type { ReportedCredential } from '../../domain/parking-fact.ts'
import type { StayPresentation } from '../../domain/stay/index.ts'

export interface NamedStay {
  stayId: string
  stayRef: string | null
  enteredAt: Date | null
  exitedAt: Date | null
  presentations: readonly StayPresentation[]
}

export function stayTarget({ stayId, stayRef, enteredAt, exitedAt, presentations }: NamedStay): StayTarget {
  const credentials = new Map<string, ReportedCredential>()
  for (const { kind, raw, encoding, bitLength, country } of presentations) {
    const shown = {
      kind,
      value: raw,
      ...(encoding === undefined ? {} : { encoding }),
      ...(bitLength === undefined ? {} : { bitLength }),
      ...(country === undefined ? {} : { country }),
    }
    credentials.set(JSON.stringify(shown), shown)
  }
  return { stayId, stayRef, credentials: [...credentials.values()], enteredAt, exitedAt }
}
