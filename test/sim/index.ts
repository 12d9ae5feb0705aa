// Owns the door through which tests reach the simulators and their fault tools.
// Must not hold code.
export * from '../../plugins/demo/parcs/index.ts'
export * from '../../plugins/demo/scenario/index.ts'
export * from '../../plugins/demo/sim-clock.ts'
export * from '../../plugins/demo/station/index.ts'
export * from './acknowledged.ts'
export * from './echo-hub.ts'
export * from './raw-upgrade.ts'
export * from './station/index.ts'
