// Owns the bench of the neutral commands in 2.x: a fresh station for each, its requests as sent, the reply that came of its answer.
// Must not judge; the tests do, and the station judges every frame by the official schema.
import type { CommandReply, StationCommand } from '../../../core/plugin/index.ts'
import type { Station, TestHub } from './hub.ts'
import type { Version } from './official-schemas.ts'

type Payload = Record<string, unknown>
/** What the station answers: always the same, or by action and payload. */
export type Answering = object | ((action: string, payload: Payload) => object)

export interface Run {
  requests: [action: string, payload: Payload][]
  reply: CommandReply
  station: Station
  code: string
}

let count = 0

export async function runCommand(
  hub: TestHub,
  version: Version,
  command: StationCommand,
  answer: Answering = {},
  more: Parameters<TestHub['station']>[2] = {},
): Promise<Run> {
  const code = `bench-${version}-${++count}`
  const station = await hub.station(code, version, more)
  const requests: Run['requests'] = []
  station.responder = (action, payload) => {
    requests.push([action, payload])
    return typeof answer === 'function'
      ? (answer as (action: string, payload: Payload) => object)(action, payload)
      : answer
  }
  return { requests, reply: await hub.port.deliver(code, command), station, code }
}

export type CommandCase = [
  name: string,
  command: StationCommand,
  action: string,
  payload: object,
  answer: object,
  reply: object,
]
