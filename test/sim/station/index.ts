// Owns the door to the simulated station.
// Must not hold code.
export { answeredActions } from './answer.ts'
export { raise, streamValue } from './blocks/monitoring.ts'
export type { Payload, StationOptions as SimulatedStationOptions, StationQuirks } from './options.ts'
export { type Executed, type SimulatedStation, simulatedStation } from './simulated-station.ts'
