// Owns the configuration of the OCPP adapter: its JSON Schema and the values that an empty configuration means.
// Must not read anything else; per-station differences are profile flags.
import type { ChargerProtocol } from '../../core/plugin/index.ts'

export interface OcppConfig {
  heartbeatIntervalSeconds: number
  pingIntervalSeconds: number
  callTimeoutSeconds: number
  maxCallTimeouts: number
  maxFrameBytes: number
  maxQueuedFrames: number
  maxConnectionsPerStation: number
  handshakesPerMinutePerAddress: number
  failedLoginsPerMinute: number
  maxFramesPerSecond: number
  defaultProtocol: ChargerProtocol
}

export const defaultConfig: OcppConfig = {
  heartbeatIntervalSeconds: 300,
  pingIntervalSeconds: 60,
  callTimeoutSeconds: 30,
  maxCallTimeouts: 3,
  maxFrameBytes: 1_048_576,
  maxQueuedFrames: 64,
  maxConnectionsPerStation: 2,
  handshakesPerMinutePerAddress: 0,
  failedLoginsPerMinute: 10,
  maxFramesPerSecond: 1_000,
  defaultProtocol: 'ocpp1.6',
}

const number = (title: string, description: string, minimum: number, maximum: number, fallback: number) => ({
  type: 'integer',
  title,
  description,
  minimum,
  maximum,
  default: fallback,
})

export const configSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    heartbeatIntervalSeconds: number(
      'Heartbeat interval',
      'Seconds between heartbeats when the hub names none at boot; also the measure of how long silence is believed.',
      10,
      86_400,
      defaultConfig.heartbeatIntervalSeconds,
    ),
    pingIntervalSeconds: number(
      'Ping interval',
      'Seconds of silence before the hub sends a WebSocket ping. 0 sends none.',
      0,
      3_600,
      defaultConfig.pingIntervalSeconds,
    ),
    callTimeoutSeconds: number(
      'Call time-out',
      'Seconds a station has to answer a request of the hub.',
      1,
      600,
      defaultConfig.callTimeoutSeconds,
    ),
    maxCallTimeouts: number(
      'Time-outs before closing',
      'Consecutive unanswered requests after which a socket counts as half-open and is closed.',
      1,
      100,
      defaultConfig.maxCallTimeouts,
    ),
    maxFrameBytes: number(
      'Largest frame',
      'Bytes of the largest message accepted from a station.',
      16_384,
      67_108_864,
      defaultConfig.maxFrameBytes,
    ),
    maxQueuedFrames: number(
      'Waiting messages',
      'Messages of one station that may wait for storage before the hub stops reading its socket.',
      4,
      10_000,
      defaultConfig.maxQueuedFrames,
    ),
    maxConnectionsPerStation: number(
      'Sockets per station',
      'Sockets of one station that may be open while an older one is being closed; beyond this the oldest is cut.',
      1,
      20,
      defaultConfig.maxConnectionsPerStation,
    ),
    handshakesPerMinutePerAddress: number(
      'Handshakes per address',
      'Handshakes of one address within a minute; more are answered 429. 0 sets no limit: after an outage all stations of a site dial in at once from one address.',
      0,
      1_000_000,
      defaultConfig.handshakesPerMinutePerAddress,
    ),
    failedLoginsPerMinute: number(
      'Failed logins',
      'Refused handshakes of one station from one address within a minute, before more are answered 429 unread. 0 sets no limit.',
      0,
      10_000,
      defaultConfig.failedLoginsPerMinute,
    ),
    maxFramesPerSecond: number(
      'Messages per second',
      'Messages of one station within a second; past it the hub stops reading its socket until the second is over. 0 sets no limit.',
      0,
      100_000,
      defaultConfig.maxFramesPerSecond,
    ),
    defaultProtocol: {
      type: 'string',
      title: 'Protocol without a subprotocol',
      description: 'What a station speaks that offers no subprotocol and is not known better.',
      enum: ['ocpp1.6', 'ocpp2.0.1', 'ocpp2.1'],
      default: defaultConfig.defaultProtocol,
    },
  },
} as const

export function completeConfig(given: Partial<OcppConfig> | null | undefined): OcppConfig {
  return { ...defaultConfig, ...given }
}
