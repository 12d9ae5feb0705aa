// Owns the operations on circuits, their meters, and what the load guard makes of them.
// Must not hold rules; core/services/load does.
import {
  type CircuitCreate,
  type CircuitEvseCreate,
  type CircuitEvsePatch,
  type CircuitPatch,
  manageCircuitEvses,
  manageCircuits,
} from '../../services/load/manage-circuits.ts'
import { circuitLoad } from '../../services/load/read-load.ts'
import { tellCircuitMeter, trustCircuitEvse } from '../../services/load/tell-meter.ts'
import { listQuery } from '../cursor.ts'
import type { Part } from '../operation-types.ts'
import { done, found, listed, made, shown } from '../replies.ts'

type Ids =
  | 'listCircuits'
  | 'createCircuit'
  | 'getCircuit'
  | 'updateCircuit'
  | 'archiveCircuit'
  | 'listCircuitEvses'
  | 'createCircuitEvse'
  | 'getCircuitEvse'
  | 'updateCircuitEvse'
  | 'archiveCircuitEvse'
  | 'trustCircuitEvse'
  | 'postCircuitMeter'
  | 'getCircuitLoad'

export const load: Part<Ids> = {
  listCircuits: async ({ query }, { deps, access }) =>
    listed(await manageCircuits(deps).list(access, listQuery(query))),
  createCircuit: async ({ body }, { deps, access }) =>
    made(
      await manageCircuits(deps).create(access, body as CircuitCreate),
      (circuit) => `/circuits/${circuit.circuitId}`,
    ),
  getCircuit: async ({ path }, { deps, access }) => found(await manageCircuits(deps).get(access, path.circuitId)),
  updateCircuit: async ({ path, body, version }, { deps, access }) =>
    found(await manageCircuits(deps).update(access, path.circuitId, body as CircuitPatch, version)),
  archiveCircuit: async ({ path, version }, { deps, access }) =>
    done(await manageCircuits(deps).archive(access, path.circuitId, version)),
  listCircuitEvses: async ({ query }, { deps, access }) =>
    listed(await manageCircuitEvses(deps).list(access, listQuery(query))),
  createCircuitEvse: async ({ body }, { deps, access }) =>
    made(
      await manageCircuitEvses(deps).create(access, body as CircuitEvseCreate),
      (placed) => `/circuit-evses/${placed.circuitEvseId}`,
    ),
  getCircuitEvse: async ({ path }, { deps, access }) =>
    found(await manageCircuitEvses(deps).get(access, path.circuitEvseId)),
  updateCircuitEvse: async ({ path, body, version }, { deps, access }) =>
    found(await manageCircuitEvses(deps).update(access, path.circuitEvseId, body as CircuitEvsePatch, version)),
  archiveCircuitEvse: async ({ path, version }, { deps, access }) =>
    done(await manageCircuitEvses(deps).archive(access, path.circuitEvseId, version)),
  trustCircuitEvse: async ({ path }, { deps, access }) =>
    found(await trustCircuitEvse(deps)(access, path.circuitEvseId)),
  postCircuitMeter: async ({ path, body }, { deps, access }) =>
    shown(await tellCircuitMeter(deps)(access, path.circuitId, body)),
  getCircuitLoad: async ({ path }, { deps, access }) => shown(await circuitLoad(deps)(access, path.circuitId)),
}
