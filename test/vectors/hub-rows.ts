// Owns pricing worked examples of the hub's own kinds of tariffs.
// Must not price anything itself.
import type { VectorEngine } from './vector.ts'

export const hubRows: Record<string, VectorEngine> = {}
