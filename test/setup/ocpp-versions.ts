// Owns which OCPP versions tests go through: all that the hub speaks.
// Must not hold anything else.

export const allVersions = ['ocpp1.6', 'ocpp2.0.1', 'ocpp2.1'] as const
export type OcppVersion = (typeof allVersions)[number]
