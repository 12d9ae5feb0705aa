// Owns playing a station's recorded frames against a fresh hub over real sockets, in recorded order and at recorded times.
// Must not look into the hub: its answers are what is compared.
import { isDeepStrictEqual } from 'node:util'
import { WebSocket } from 'ws'
import type { ManualClock } from '../../core/testing/manual-clock.ts'
import type { JournalFile, JournalFrame } from './journal-file.ts'

export interface PlayedAnswer {
  at: Date
  action: string
  sent: string
  recorded: string | null
  replayed: string | null
  same: boolean
}

export interface Playing {
  stationId: string
  answers: PlayedAnswer[]
  /** Requests of the hub and what the station answered to them: commands are not given again. */
  skipped: number
}

export interface PlayOptions {
  journal: JournalFile
  hubUrl: string
  adminKey: string
  /** The hub's own clock. */
  clock: ManualClock
  protocol?: string
  timeZone?: string
}

type Call = [type: 2, id: string, action: string, payload: Record<string, unknown>]

const answerMs = 20_000

function parsed(frame: string): unknown[] | null {
  try {
    const value: unknown = JSON.parse(frame)
    return Array.isArray(value) ? value : null
  } catch {
    return null
  }
}

const isCall = (frame: unknown[] | null): frame is Call => frame !== null && String(frame[0]) === '2'
const isAnswer = (frame: unknown[] | null) => frame !== null && (frame[0] === 3 || frame[0] === 4)

/** What the station spoke: as recorded, else what its messages look like. */
function protocolOf({ head, frames }: JournalFile): string {
  if (head.protocol !== null) return head.protocol
  const of2 = frames.some(({ frame }) => frame.includes('"TransactionEvent"') || frame.includes('"chargingStation"'))
  return of2 ? 'ocpp2.0.1' : 'ocpp1.6'
}

interface Recorded {
  frame: JournalFrame
  call: Call | null
  answer: string | null
}

/** What came in, each with the answer it got on the same socket. */
function incoming(frames: readonly JournalFrame[]): { list: Recorded[]; skipped: number } {
  const answers = new Map<string, string[]>()
  let skipped = 0
  for (const { direction, epoch, frame } of frames) {
    const content = parsed(frame)
    if (direction === 'in') continue
    if (!isAnswer(content)) skipped++
    else {
      const key = `${epoch}/${String(content?.[1])}`
      answers.set(key, [...(answers.get(key) ?? []), frame])
    }
  }
  const list: Recorded[] = []
  for (const frame of frames) {
    if (frame.direction === 'out') continue
    const content = parsed(frame.frame)
    if (isAnswer(content)) {
      skipped++
      continue
    }
    const call = isCall(content) ? content : null
    const answer = call === null ? null : (answers.get(`${frame.epoch}/${String(call[1])}`)?.shift() ?? null)
    list.push({ frame, call, answer })
  }
  return { list, skipped }
}

/** Cards that the recorded hub knew: their answers said Accepted. */
function acceptedCards(list: readonly Recorded[]): string[] {
  const cards = new Set<string>()
  for (const { call, answer } of list) {
    const { idTag, idToken } = call?.[3] ?? {}
    const card = idTag ?? (idToken as { idToken?: unknown } | undefined)?.idToken
    if (typeof card === 'string' && card !== '' && /"Accepted"/.test(answer ?? '')) cards.add(card)
  }
  return [...cards]
}

/** Plays the journal; the hub must be new, and its clock not past the first frame. */
export async function playJournal({ journal, hubUrl, adminKey, clock, ...options }: PlayOptions): Promise<Playing> {
  const { list, skipped } = incoming(journal.frames)
  const api = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const response = await fetch(`${hubUrl}/api/v1${path}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${adminKey}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
    const answer = (await response.json()) as Record<string, unknown>
    if (!response.ok) throw new Error(`${path} was refused: ${String(answer.detail)}`)
    return answer
  }
  const { head } = journal
  const timeZone = options.timeZone ?? 'UTC'
  const { siteId } = await api('/sites', { code: 'replay', name: 'Replay', timeZone, currency: 'EUR' })
  const evses = head.evses.length === 0 ? {} : { evses: head.evses }
  const place = { siteId, code: head.station, settings: head.flags, maxPowerW: head.maxPowerW, ...evses }
  const { stationId, secret } = await api('/stations', place)
  for (const value of acceptedCards(list)) await api('/credentials', { kind: 'card', presentations: [{ value }] })

  const authorization = `Basic ${Buffer.from(`${head.station}:${String(secret)}`).toString('base64')}`
  const url = `${hubUrl.replace(/^http/, 'ws')}/ocpp/${encodeURIComponent(head.station)}`
  const protocol = options.protocol ?? protocolOf(journal)
  const answers: PlayedAnswer[] = []
  /** Transaction numbers are the hub's: recorded → given now. */
  const numbers = new Map<number, number>()
  let socket: StationSocket | null = null
  let epoch: number | null = null
  for (const { frame, call, answer } of list) {
    if (frame.at > clock.now()) await clock.settle(frame.at)
    if (socket === null || frame.epoch !== epoch) {
      await socket?.close()
      socket = await StationSocket.open(url, protocol, authorization)
      epoch = frame.epoch
    }
    const text = call === null ? frame.frame : renumbered(frame.frame, call, numbers)
    const replayed = await socket.send(text, call === null || answer === null ? null : String(call[1]))
    if (call === null) continue
    learnNumber(call, answer, replayed, numbers)
    const same = sameAnswer(answer, replayed, numbers)
    answers.push({ at: frame.at, action: call[2], sent: text, recorded: answer, replayed, same })
  }
  await socket?.close()
  return { stationId: String(stationId), answers, skipped }
}

function renumbered(text: string, call: Call, numbers: ReadonlyMap<number, number>): string {
  const now = numbers.get(Number(call[3]?.transactionId))
  if (now === undefined || typeof call[3].transactionId !== 'number') return text
  return JSON.stringify([...call.slice(0, 3), { ...call[3], transactionId: now }])
}

function numberIn(answer: string | null): number | null {
  const payload = answer === null ? null : (parsed(answer)?.[2] as { transactionId?: unknown } | undefined)
  return typeof payload?.transactionId === 'number' ? payload.transactionId : null
}

function learnNumber(call: Call, recorded: string | null, now: string | null, numbers: Map<number, number>): void {
  const [before, after] = [numberIn(recorded), numberIn(now)]
  if (call[2] === 'StartTransaction' && before !== null && after !== null) numbers.set(before, after)
}

/** Equal but for the time of day and the hub's own transaction numbers. */
function sameAnswer(recorded: string | null, replayed: string | null, numbers: ReadonlyMap<number, number>): boolean {
  if (recorded === null || replayed === null) return recorded === replayed
  const plain = (text: string, map: (number: number) => number) => {
    const [type, id, ...rest] = parsed(text) ?? []
    const body = rest.map((part) => {
      if (typeof part !== 'object' || part === null) return part
      const { currentTime: _, transactionId, ...payload } = part as Record<string, unknown>
      return typeof transactionId === 'number' ? { ...payload, transactionId: map(transactionId) } : payload
    })
    return [type, id, ...body]
  }
  return isDeepStrictEqual(
    plain(recorded, (number) => numbers.get(number) ?? number),
    plain(replayed, (number) => number),
  )
}

/** One socket of the station; what the hub asks is left unanswered, as nobody recorded an answer to it. */
class StationSocket {
  readonly #socket: WebSocket
  readonly #waiting = new Map<string, (answer: string) => void>()

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('error', () => undefined)
    socket.on('message', (data) => {
      const content = parsed(String(data))
      if (!isAnswer(content)) return
      const id = String(content?.[1])
      this.#waiting.get(id)?.(String(data))
      this.#waiting.delete(id)
    })
  }

  static async open(url: string, protocol: string, authorization: string): Promise<StationSocket> {
    const socket = new WebSocket(url, protocol, { headers: { authorization } })
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve)
      socket.once('error', reject)
    })
    return new StationSocket(socket)
  }

  /** @param id of the answer to wait for; null waits for none */
  async send(text: string, id: string | null): Promise<string | null> {
    if (id === null) {
      this.#socket.send(text)
      return null
    }
    let timer: NodeJS.Timeout | undefined
    const answer = new Promise<string | null>((resolve) => {
      this.#waiting.set(id, resolve)
      this.#socket.once('close', () => resolve(null))
      timer = setTimeout(() => resolve(null), answerMs)
    })
    this.#socket.send(text)
    try {
      return await answer
    } finally {
      clearTimeout(timer)
    }
  }

  async close(): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return
    const closed = new Promise<void>((resolve) => this.#socket.once('close', () => resolve()))
    this.#socket.close()
    await closed
  }
}
