// Owns which decode profile belongs to what reported a card: a reader by its name, or a charging station.
// Must not load anything; core/store/decode-profiles.ts does.
import type { DecodeProfile } from './decode-profile.ts'

export interface ReaderProfile {
  siteId: string | null
  /** Null for a device that any connection of the site may name. */
  connectionId: string | null
  /** Another connection under which its reads are kept. */
  staysConnectionId: string | null
  name: string
  profile: DecodeProfile
}

export interface CardProfiles {
  ofReader(
    at: { siteId: string | null; connectionId: string | null },
    name: string | undefined,
  ): DecodeProfile | undefined
  ofStation(stationId: string | null | undefined): DecodeProfile | undefined
}

export const noProfiles: CardProfiles = { ofReader: () => undefined, ofStation: () => undefined }

/** A connection's own reader before one that only its site names. */
export function cardProfiles(
  readers: readonly ReaderProfile[],
  stations: readonly { stationId: string; profile: DecodeProfile }[],
): CardProfiles {
  if (readers.length + stations.length === 0) return noProfiles
  const byReader = new Map<string, DecodeProfile>()
  const name = (at: string | null, of: string) => `${at} ${of}`
  for (const { siteId, connectionId, staysConnectionId, name: of, profile } of readers) {
    byReader.set(name(connectionId ?? siteId, of), profile)
    const kept = name(staysConnectionId, of)
    if (staysConnectionId !== null && !byReader.has(kept)) byReader.set(kept, profile)
  }
  const byStation = new Map(stations.map(({ stationId, profile }) => [stationId, profile]))
  return {
    ofReader: ({ siteId, connectionId }, of) =>
      of === undefined ? undefined : (byReader.get(name(connectionId, of)) ?? byReader.get(name(siteId, of))),
    ofStation: (stationId) => byStation.get(stationId ?? ''),
  }
}
