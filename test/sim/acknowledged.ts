// Owns a model of what the hub is answerable for: everything that it acknowledged, from chargers and from the parking system.
// Must not look into the hub; tests compare this with what is stored.
import type { WireFact, WireResult } from '../../plugins/demo/parcs/index.ts'
import type { AckedMessage } from '../../plugins/demo/station/index.ts'

interface Acknowledged {
  /** Transactions whose begin was acknowledged, by station and the simulator's own count. */
  transactions: Map<string, AckedTransaction>
  facts: Map<string, { fact: WireFact; status: WireResult['status'] }>
  onAcked(message: AckedMessage): void
  onFact(fact: WireFact, result: WireResult): void
}

interface AckedTransaction {
  stationId: string
  evse: number
  /** 1.6: what the hub answered; 2.x: what the station told. */
  id: number | string
  /** Every acknowledged message of it, in order of the answers. */
  messages: AckedMessage[]
  ended: boolean
}

export function createAcknowledged(): Acknowledged {
  const transactions: Acknowledged['transactions'] = new Map()
  const facts: Acknowledged['facts'] = new Map()
  return {
    transactions,
    facts,
    onAcked: (message) => {
      if (message.transaction === undefined) return
      const key = `${message.stationId}/${message.transaction}`
      const known = transactions.get(key)
      const id = known?.id ?? idOf(message)
      const messages = [...(known?.messages ?? []), message]
      const ended = (known?.ended ?? false) || ends(message)
      transactions.set(key, { stationId: message.stationId, evse: message.evse ?? 0, id, messages, ended })
    },
    onFact: (fact, result) => facts.set(`${fact.id}/${fact.revision}`, { fact, status: result.status }),
  }
}

function idOf({ payload, outcome }: AckedMessage): number | string {
  const info = payload?.transactionInfo as { transactionId?: string } | undefined
  return info?.transactionId ?? Number(outcome.payload.transactionId ?? payload?.transactionId ?? -1)
}

function ends({ action, payload }: AckedMessage): boolean {
  return action === 'StopTransaction' || payload?.eventType === 'Ended'
}
