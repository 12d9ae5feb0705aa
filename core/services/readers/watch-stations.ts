// Owns noting the cards that are shown to a station while it is paired with a reader.
// Must not hold up the station's answer, whatever becomes of the note.
import { inferKind, kindOfTokenType } from '../../domain/credential/index.ts'
import { addPairingRead, stationsInPairing } from '../../store/card-pairings.ts'
import { remembered } from '../remembered.ts'
import type { ServiceDeps } from '../service-deps.ts'

export interface ShownToken {
  organizationId: string
  stationId: string
  token: { value: string; kind: string }
  /** `settled`: told of a transaction that is over, so nobody stands there now. */
  places?: 'settled'
}

export interface StationWatch {
  shown(token: ShownToken): void
  /** Resolves when every note is stored. */
  settled(): Promise<void>
}

/** Longer texts than this are no cards. */
const longestRaw = 256

export function watchStations(deps: ServiceDeps): StationWatch {
  const { db, clock, newId, log } = deps
  const paired = remembered(deps, (organizationId) => stationsInPairing(db, organizationId, clock.now()))
  const running = new Set<Promise<void>>()
  const note = async ({ organizationId, stationId, token }: ShownToken, at: Date) => {
    const pairing = (await paired(organizationId)).find((one) => one.stationId === stationId)
    if (!pairing) return
    const read = { side: 2, raw: token.value, at } as const
    await addPairingRead(db, organizationId, { ...read, pairingId: pairing.pairingId, readId: newId() })
  }
  return {
    shown(token) {
      const { kind, value } = token.token
      if (kind === 'none' || value === '' || value.length > longestRaw || token.places === 'settled') return
      // OCPP 1.6 does not say what its idTag is.
      if ((kindOfTokenType(kind) ?? inferKind(value)) !== 'card') return
      const noting = note(token, clock.now())
        .catch((error: unknown) => log.error({ err: error, stationId: token.stationId }, 'a card of a pairing is lost'))
        .finally(() => running.delete(noting))
      running.add(noting)
    },
    async settled() {
      await Promise.all(running)
    },
  }
}
