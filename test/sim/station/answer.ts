// Owns how a simulated station answers a request of the hub: what it was told to answer, else what the block of that action says.
// Must not know any block's rules.
import { availability } from './blocks/availability.ts'
import { certificates } from './blocks/certificates.ts'
import { chargingProfiles } from './blocks/charging-profiles.ts'
import { customerInformation } from './blocks/customer-information.ts'
import { dataTransfer } from './blocks/data-transfer.ts'
import { derControl } from './blocks/der-control.ts'
import { deviceModel } from './blocks/device-model.ts'
import { displayMessages } from './blocks/display-messages.ts'
import { dynamicControl } from './blocks/dynamic-control.ts'
import { firmware } from './blocks/firmware.ts'
import { localList } from './blocks/local-list.ts'
import { logs } from './blocks/logs.ts'
import { monitoring } from './blocks/monitoring.ts'
import { remoteControl } from './blocks/remote-control.ts'
import { reservations } from './blocks/reservations.ts'
import { settings16 } from './blocks/settings-16.ts'
import { streams } from './blocks/streams.ts'
import { tariffs } from './blocks/tariffs.ts'
import { trigger } from './blocks/trigger.ts'
import type { Block, Core } from './core.ts'
import type { AnswerOverride, Payload } from './options.ts'
import type { Reply } from './wire.ts'

const blocks: Block = {
  ...availability,
  ...certificates,
  ...chargingProfiles,
  ...customerInformation,
  ...dataTransfer,
  ...derControl,
  ...deviceModel,
  ...displayMessages,
  ...dynamicControl,
  ...firmware,
  ...localList,
  ...logs,
  ...monitoring,
  ...remoteControl,
  ...reservations,
  ...settings16,
  ...streams,
  ...tariffs,
  ...trigger,
}

/** Every request that a station of some version carries out. */
export const answeredActions: readonly string[] = Object.keys(blocks)

export function answerOf(
  core: Core,
  overrides: Readonly<Record<string, AnswerOverride>>,
  action: string,
  payload: Payload,
): Reply {
  const { quirks } = core
  if (quirks.silentOn?.includes(action) === true) return 'silence'
  const override = overrides[action]
  if (override === 'silence') return 'silence'
  if (override !== undefined && 'error' in override && typeof override.error === 'string') {
    return { error: override.error, description: 'as told' }
  }
  const handler = blocks[action]
  if (handler === undefined || quirks.notImplemented?.includes(action) === true) {
    return { error: 'NotImplemented', description: `${action} is not known here` }
  }
  // What it was told to answer, it does not carry out.
  if (override !== undefined) return { payload: override }
  return handler(payload, core)
}
