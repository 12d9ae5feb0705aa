// Owns OCPP 2.1 V2X and dynamic schedules (K28, Q): UpdateDynamicSchedule, PullDynamicScheduleUpdate, NotifyAllowedEnergyTransfer,
// AFRRSignal, UsePriorityCharging, NotifyPriorityCharging.
// Must not plan energy.
import type { OCPP21 } from 'typed-ocpp'
import type { ScheduleUpdate } from '../../../core/plugin/index.ts'
import { askForStatus, type CommandSteps, refused } from '../command.ts'
import { tenths } from '../v201/charging-profile.ts'
import { because, inquiryMessage } from '../v201/inquiry-message.ts'
import { noticeMessage, numberOf } from '../v201/notice-message.ts'
import { transactionId } from '../v201/transaction-ref.ts'
import type { Translator2 } from '../v201/words.ts'

type Wire = OCPP21.UpdateDynamicScheduleRequest['scheduleUpdate']

const fields = {
  limit: 'limit',
  limitL2: 'limit_L2',
  limitL3: 'limit_L3',
  dischargeLimit: 'dischargeLimit',
  dischargeLimitL2: 'dischargeLimit_L2',
  dischargeLimitL3: 'dischargeLimit_L3',
  setpoint: 'setpoint',
  setpointL2: 'setpoint_L2',
  setpointL3: 'setpoint_L3',
  setpointReactive: 'setpointReactive',
  setpointReactiveL2: 'setpointReactive_L2',
  setpointReactiveL3: 'setpointReactive_L3',
} as const satisfies Record<keyof ScheduleUpdate, keyof Wire>

function wireUpdate(limits: ScheduleUpdate): Wire {
  const wire: Wire = {}
  for (const [name, field] of Object.entries(fields)) {
    const value = limits[name as keyof ScheduleUpdate]
    if (value !== undefined) wire[field] = tenths(value)
  }
  return wire
}

export const updateSchedule: Translator2<'update_schedule'> = function* ({ profileId, limits }): CommandSteps {
  const scheduleUpdate = wireUpdate(limits)
  if (Object.keys(scheduleUpdate).length === 0) return refused('limits: at least one of them')
  const request: OCPP21.UpdateDynamicScheduleRequest = { chargingProfileId: profileId, scheduleUpdate }
  return yield* askForStatus('UpdateDynamicSchedule', request, { Accepted: null })
}

export const allowEnergyTransfer: Translator2<'allow_energy_transfer'> = function* (command): CommandSteps {
  const named = transactionId(command.transaction)
  if ('ended' in named) return named.ended
  type Request = OCPP21.NotifyAllowedEnergyTransferRequest
  const request: Request = {
    transactionId: named.id,
    allowedEnergyTransfer: command.modes as Request['allowedEnergyTransfer'],
  }
  return yield* askForStatus('NotifyAllowedEnergyTransfer', request, { Accepted: null })
}

export const afrrSignal: Translator2<'afrr_signal'> = function* ({ at, signal }): CommandSteps {
  const request: OCPP21.AFRRSignalRequest = { timestamp: at, signal }
  return yield* askForStatus('AFRRSignal', request, { Accepted: null })
}

export const priorityCharging: Translator2<'priority_charging'> = function* ({ transaction, activate }): CommandSteps {
  const named = transactionId(transaction)
  if ('ended' in named) return named.ended
  const request: OCPP21.UsePriorityChargingRequest = { transactionId: named.id, activate }
  return yield* askForStatus('UsePriorityCharging', request, { Accepted: null })
}

export const energyMessages = [
  noticeMessage<'priority_charging', OCPP21.NotifyPriorityChargingRequest>({
    action: 'NotifyPriorityCharging',
    topic: 'priority_charging',
    read: ({ transactionId: ref, activated }) => ({
      data: { transaction: { ref: ref ?? '' }, activated: activated === true },
    }),
  }),
  inquiryMessage<'schedule.pull', OCPP21.PullDynamicScheduleUpdateRequest>({
    action: 'PullDynamicScheduleUpdate',
    topic: 'schedule.pull',
    read: ({ chargingProfileId }, reading) => ({
      ask: { profileId: numberOf(chargingProfileId, 'chargingProfileId', reading) },
    }),
    reply: ({ accepted, limits, reason }): OCPP21.PullDynamicScheduleUpdateResponse =>
      accepted && limits !== undefined
        ? { status: 'Accepted', scheduleUpdate: wireUpdate(limits) }
        : { status: 'Rejected', ...because(reason) },
    refuse: (): OCPP21.PullDynamicScheduleUpdateResponse => ({ status: 'Rejected' }),
  }),
]
