// Owns which OCPP versions tests go through: all that the standard has, and those that the hub speaks.
// Must not hold anything else; a version is switched on for every end-to-end test in this one line.

export const allVersions = ['ocpp1.6', 'ocpp2.0.1', 'ocpp2.1'] as const
export type OcppVersion = (typeof allVersions)[number]

/** What the hub under test speaks. */
export const versions: readonly OcppVersion[] = ['ocpp1.6', 'ocpp2.0.1']
