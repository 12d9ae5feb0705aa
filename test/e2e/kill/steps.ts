// Owns the names of the places at which a hub process can be killed, and the words in which a test arms one.
// Must not patch anything: tests import this, only the hub process loads kill-at.ts.

/** In the order in which one frame of a charger passes them. */
export const frameSteps = ['received', 'before-write', 'written', 'committed', 'before-reply', 'replied'] as const

/** The transactions of the other half of the hub: parking facts, links, bills, commands, API calls. */
export const transactionSteps = ['before-commit', 'after-commit'] as const

export type Step = (typeof frameSteps)[number] | (typeof transactionSteps)[number]

export interface KillOrder {
  step: Step
  /** The how many-th passage ends the process. */
  count: number
  /** Only passages with this text count: the message id stands in the frame, in its journal row and in its reply. */
  marker?: string
}
