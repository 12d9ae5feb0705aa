// Owns reading worked examples of parking, idle time, plain sessions and whole visits as rules and facts of the hub's own tariffs.
// Must not price: every amount comes from the engine. A field that it does not know is refused, never overlooked.

import { chargingRow, idleRow } from './hub-charging-rows.ts'
import { parkingRow } from './hub-parking-rows.ts'
import { visitRow } from './hub-visit-rows.ts'
import { refusable } from './row-reader.ts'
import type { VectorEngine } from './vector.ts'

export const hubRows: Record<string, VectorEngine> = {
  parking: refusable(parkingRow),
  idle: refusable(idleRow),
  'flat-session': refusable(chargingRow),
  unified: refusable(visitRow),
}
