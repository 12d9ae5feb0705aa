// Owns the public face of the charger simulator.
// Must not hold code.
export type { Token, TxStartPoint } from './model.ts'
export { HandshakeRefused } from './ocpp-socket.ts'
export { type OcppVersion, type QuirkRow, type Quirks, quirkRows } from './quirks.ts'
export { createStation, type Station } from './station.ts'
export type { AckedMessage, StationOptions } from './station-options.ts'
