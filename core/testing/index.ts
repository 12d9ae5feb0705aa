// Owns the public face of the contract kit for plugin authors.
// Must not contain code of its own.
export { type ContractCase, contractCase } from './contract-case.ts'
export { type Acknowledged, exerciseParcs, type ParcsExercise } from './exercise-parcs.ts'
export { type ExerciseOptions, exercisePlugin } from './exercise-plugin.ts'
export { exerciseTariff, type TariffExercise } from './exercise-tariff.ts'
export { type ManualClock, manualClock } from './manual-clock.ts'
export {
  createPluginTester,
  type EmittedEvent,
  type LogLine,
  type PluginTester,
  type TesterOptions,
} from './plugin-tester.ts'
