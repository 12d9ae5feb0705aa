// Owns the door through which services ask something of one connected parking system, and what it says it can do.
// Must not know how a plugin is called; core/host does.
import type {
  ActionAbility,
  ActionOutcome,
  OutcomeInquiry,
  ParkingAction,
  ParkingActionKind,
  ParkingQuote,
  StayTarget,
} from './parking-action.ts'

export type OfferedActions = Partial<Record<ParkingActionKind, ActionAbility>>

export interface ParkingAbilities {
  features: readonly string[]
  actions: OfferedActions
  /** It can be asked what became of an action. */
  canAsk: boolean
  canQuote: boolean
}

/** Neither `act` nor `askOutcome` ever rejects: a failure is an unknown outcome. `quote` does. */
export interface ActionDoor extends ParkingAbilities {
  act(action: ParkingAction): Promise<ActionOutcome>
  askOutcome(action: ParkingAction): Promise<OutcomeInquiry>
  quote(stay: StayTarget): Promise<ParkingQuote | null>
}

/** A parking connection that is at work on this node. */
export interface OpenDoor extends ActionDoor {
  organizationId: string
  siteId: string | null
  connectionId: string
}
