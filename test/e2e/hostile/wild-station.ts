// Owns a socket that sends a hub whatever a test wants, and an account of every answer.
// Must not behave.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { faultsOf, type Version } from '../../adapters/ocpp/official-schemas.ts'
import { eventually } from '../../setup/eventually.ts'
import { patienceMs } from '../kill/hub-process.ts'
import { actions } from './ocpp-calls.ts'

export interface WildStation {
  /** Answers that break the standard, or that nobody asked for. */
  readonly faults: readonly string[]
  /** Texts of calls that were answered with an error. */
  readonly refused: readonly string[]
  readonly closedWith: number | null
  /** Resolves with the code that the hub closes the socket with. */
  ended(): Promise<number>
  /** Sends a frame; when it is a call as the standard has them, one answer is owed from now on. */
  send(frame: string | Buffer): void
  call(action: string, payload: unknown): void
  /** Resolves when nothing is owed any more. */
  settled(): Promise<void>
  owed(): string[]
  close(): Promise<void>
  cut(): void
}

interface Owed {
  id: unknown
  action: string
  text: string
  /** The standard asks for an answer; else one may come, since the hub reads more than the standard has. */
  due: boolean
}

/** What a station says first. */
export const boots: Readonly<Record<Version, object>> = {
  'ocpp1.6': { chargePointVendor: 'Wild', chargePointModel: 'Wild 16' },
  'ocpp2.0.1': { reason: 'PowerUp', chargingStation: { vendorName: 'Wild', model: 'Wild 201' } },
  'ocpp2.1': { reason: 'PowerUp', chargingStation: { vendorName: 'Wild', model: 'Wild 21' } },
}

export async function connectWild(
  hubUrl: string,
  station: { code: string; password: string; version: Version },
): Promise<WildStation> {
  const { version } = station
  const ws = new WebSocket(`${hubUrl.replace(/^http/, 'ws')}/ocpp/${station.code}`, [version], {
    headers: { authorization: `Basic ${Buffer.from(`${station.code}:${station.password}`).toString('base64')}` },
    perMessageDeflate: false,
  })
  const faults: string[] = []
  const refused: string[] = []
  const debts = new Map<unknown, Owed[]>()
  let due = 0
  let closedWith: number | null = null
  let loose = 0
  ws.on('error', () => undefined)
  ws.on('close', (code) => {
    closedWith = code
  })
  ws.on('message', (data) => {
    const text = String(data)
    let frame: unknown
    try {
      frame = JSON.parse(text)
    } catch {
      faults.push(`no JSON: ${text.slice(0, 200)}`)
      return
    }
    const [type, id] = Array.isArray(frame) ? frame : []
    const owed = debts.get(id)
    const debt = owed?.shift()
    if (owed?.length === 0) debts.delete(id)
    if (debt?.due) due -= 1
    if (type !== 2 && debt === undefined && loose > 0) {
      // An answer to something that was no call, or one that the hub could mend; as many as there were such frames may come.
      loose -= 1
      // What a mended call asked for is not known here, so its result is not looked at.
      if (type === 3) return
    } else if (type !== 2 && debt === undefined) {
      faults.push(`answer that nobody waits for: ${text.slice(0, 200)}`)
      return
    }
    for (const fault of faultsOf(version, frame, () => debt && nameOf(version, debt.action))) {
      faults.push(`${fault} in ${text.slice(0, 200)} to ${debt?.text.slice(0, 300)}`)
    }
    // Of calls that share an id nobody can say which one was refused.
    if (type === 4 && debt !== undefined && debt.id !== '') refused.push(debt.text)
    // The hub may ask as well; whoever does not answer is cut off.
    if (type === 2) ws.send(JSON.stringify([4, id, 'NotSupported', '', {}]))
  })
  await once(ws, 'open')
  const self: WildStation = {
    faults,
    refused,
    get closedWith() {
      return closedWith
    },
    send(frame) {
      // Half characters do not survive UTF-8.
      const text = Buffer.from(frame).toString()
      const call = callIn(text)
      if (call === null) loose += 1
      else debts.set(call.id, [...(debts.get(call.id) ?? []), { ...call, text }])
      if (call?.due) due += 1
      ws.send(typeof frame === 'string' ? text : frame)
    },
    call(action, payload) {
      self.send(JSON.stringify([2, randomUUID(), action, payload]))
    },
    async settled() {
      await eventually(() => due === 0 || closedWith !== null, 'all answers', patienceMs).catch(() => {
        throw new Error(`no answer to ${self.owed().join('\n')}`)
      })
      // What need not be answered may be still, and must not stand for a later call with its id.
      loose += [...debts.values()].flat().length
      debts.clear()
    },
    owed: () =>
      [...debts.values()]
        .flat()
        .filter((one) => one.due)
        .map(({ text }) => text.slice(0, 300)),
    async ended() {
      await eventually(() => closedWith !== null, 'the end of the socket', patienceMs)
      return closedWith ?? 0
    },
    async close() {
      if (ws.readyState === WebSocket.CLOSED) return
      const closed = once(ws, 'close')
      ws.close(1000)
      await closed
    },
    cut: () => ws.terminate(),
  }
  return self
}

/** An action in another case is understood; what is unknown must not be answered with a result. */
function nameOf(version: Version, action: string): string | undefined {
  const plain = action.replaceAll('\0', '').trim().toLowerCase()
  return actions[version].find((name) => name.toLowerCase() === plain)
}

/** OCPP-J 4.1.2 and 4.2.1: a list of four, with 2, an id, an action and an object. */
function callIn(text: string): { id: unknown; action: string; due: boolean } | null {
  let frame: unknown
  try {
    frame = JSON.parse(text)
  } catch {
    return null
  }
  if (!Array.isArray(frame) || (frame[0] !== 2 && frame[0] !== '2')) return null
  const [type, id, action, payload] = frame as unknown[]
  // 1e999 is a number that no answer can carry.
  if ((typeof id !== 'string' && !Number.isFinite(id)) || typeof action !== 'string') return null
  const plain = typeof payload === 'object' && payload !== null && !Array.isArray(payload)
  return { id, action, due: type === 2 && typeof id === 'string' && frame.length === 4 && plain }
}
