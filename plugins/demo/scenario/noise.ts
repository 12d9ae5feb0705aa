// Owns how badly the simulated world behaves: every rate of the scenario in one place.
// Must not draw anything; the parts of the scenario do.

export interface NoiseProfile {
  name: 'off' | 'default' | 'harsh' | (string & {})

  // ---- parking side
  /** Share of plate reads with one character taken for a similar one. */
  plateMisread: number
  /** Share of misread entry plates that an operator corrects later. */
  misreadCorrected: number
  /** Share of misread entry plates that the camera itself corrects (the same fact again, next revision). */
  misreadRevised: number
  /** Pairs of enrolled cars and strangers whose plates one misread apart. */
  lookalikePlates: number
  factDoubled: number
  /** Share of facts that arrive minutes to a day late, and so out of order. */
  factLate: number
  /** Outages of the parking system's line to the hub in the month. */
  parcsOutages: number
  /** Published analysis of a Dutch garage's log: 1 % of stays without entry, 3 % without exit. */
  entryMissing: number
  exitMissing: number
  backout: number
  gateRefused: number
  /** Ghost stays opened by the parking system and voided later. */
  ghostStay: number
  /** Stays voided and opened again under another number. */
  voidedReissued: number
  validation: number

  // ---- charging side
  /** Share of sessions in which the charger's network cable is pulled for a while. */
  cablePulled: number
  /** Share of sessions that are stopped and started again without unplugging. */
  stopAndRestart: number
  /** Share of sessions with a power cut in between. */
  powerCut: number
  /** Share of departures after which the same car comes to another charger without leaving the garage. */
  shuffled: number
  /** Share of sessions whose charger card nobody has enrolled. */
  strangerCard: number
  /** Probability that a transaction message is sent twice. */
  chargerDoubles: number
  /** Stations that get one deviation each from the list of deviations. */
  quirkyStations: number
  /** Where gate readers cut cards down to the 24 bits of a 26-bit Wiegand format. */
  lossyReaders: 'none' | 'exit' | 'all'
}

const off: NoiseProfile = {
  name: 'off',
  plateMisread: 0,
  misreadCorrected: 0,
  misreadRevised: 0,
  lookalikePlates: 0,
  factDoubled: 0,
  factLate: 0,
  parcsOutages: 0,
  entryMissing: 0,
  exitMissing: 0,
  backout: 0,
  gateRefused: 0,
  ghostStay: 0,
  voidedReissued: 0,
  validation: 0,
  cablePulled: 0,
  stopAndRestart: 0,
  powerCut: 0,
  shuffled: 0,
  strangerCard: 0,
  chargerDoubles: 0,
  quirkyStations: 0,
  lossyReaders: 'none',
}

export const noiseProfiles = {
  off,
  default: {
    name: 'default',
    plateMisread: 0.03,
    misreadCorrected: 0.4,
    misreadRevised: 0.2,
    lookalikePlates: 3,
    factDoubled: 0.03,
    factLate: 0.05,
    parcsOutages: 2,
    entryMissing: 0.01,
    exitMissing: 0.03,
    backout: 0.02,
    gateRefused: 0.02,
    ghostStay: 0.005,
    voidedReissued: 0.005,
    validation: 0.03,
    cablePulled: 0.05,
    stopAndRestart: 0.02,
    powerCut: 0.005,
    shuffled: 0.03,
    strangerCard: 0.02,
    chargerDoubles: 0.01,
    quirkyStations: 24,
    lossyReaders: 'exit',
  },
  harsh: {
    name: 'harsh',
    plateMisread: 0.12,
    misreadCorrected: 0.2,
    misreadRevised: 0.2,
    lookalikePlates: 12,
    factDoubled: 0.15,
    factLate: 0.25,
    parcsOutages: 6,
    entryMissing: 0.03,
    exitMissing: 0.08,
    backout: 0.05,
    gateRefused: 0.05,
    ghostStay: 0.02,
    voidedReissued: 0.02,
    validation: 0.05,
    cablePulled: 0.25,
    stopAndRestart: 0.08,
    powerCut: 0.03,
    shuffled: 0.08,
    strangerCard: 0.05,
    chargerDoubles: 0.1,
    quirkyStations: 40,
    lossyReaders: 'all',
  },
} as const satisfies Record<string, NoiseProfile>
