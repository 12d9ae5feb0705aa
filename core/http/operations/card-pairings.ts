// Owns the operations of learning how readers write cards, from cards shown to both.
// Must not hold rules; core/services/readers does.
import { type Accepting, managePairings, type PairingCreate } from '../../services/readers/manage-pairings.ts'
import { listQuery } from '../cursor.ts'
import type { Part } from '../operation-types.ts'
import { listed, made, shown } from '../replies.ts'

type Ids =
  | 'listCardPairings'
  | 'createCardPairing'
  | 'getCardPairing'
  | 'addCardPairingRead'
  | 'acceptCardPairing'
  | 'cancelCardPairing'
  | 'undoCardPairing'

export const cardPairings: Part<Ids> = {
  listCardPairings: async ({ query }, { deps, access }) =>
    listed(await managePairings(deps).list(access, listQuery(query))),
  createCardPairing: async ({ body }, { deps, access }) =>
    made(
      await managePairings(deps).create(access, body as PairingCreate),
      ({ pairingId }) => `/card-pairings/${pairingId}`,
    ),
  getCardPairing: async ({ path }, { deps, access }) => shown(await managePairings(deps).get(access, path.pairingId)),
  addCardPairingRead: async ({ path, body }, { deps, access }) =>
    shown(await managePairings(deps).addRead(access, path.pairingId, body)),
  acceptCardPairing: async ({ path, body }, { deps, access }) =>
    shown(await managePairings(deps).accept(access, path.pairingId, body as Accepting)),
  cancelCardPairing: async ({ path }, { deps, access }) =>
    shown(await managePairings(deps).cancel(access, path.pairingId)),
  undoCardPairing: async ({ path }, { deps, access }) => shown(await managePairings(deps).undo(access, path.pairingId)),
}
