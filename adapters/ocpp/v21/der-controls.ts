// Owns OCPP 2.1 DER control (block R): SetDERControl, GetDERControl, ClearDERControl, and what stations report of it.
// Must not choose a grid code: settings go out as they were given.
import type { OCPP21 } from 'typed-ocpp'
import { askForStatus, type CommandSteps } from '../command.ts'
import { noticeMessage } from '../v201/notice-message.ts'
import { counted } from '../v201/report-parts.ts'
import { askAndTell } from '../v201/said.ts'
import { snakeCase } from '../v201/snake-case.ts'
import type { Translator2 } from '../v201/words.ts'

type SetRequest = OCPP21.SetDERControlRequest
type ControlType = SetRequest['controlType']

/** Each kind of control has a field of its own; all others are curves (R04). */
const fields = {
  EnterService: 'enterService',
  FixedPFAbsorb: 'fixedPFAbsorb',
  FixedPFInject: 'fixedPFInject',
  FixedVar: 'fixedVar',
  FreqDroop: 'freqDroop',
  Gradients: 'gradient',
  LimitMaxDischarge: 'limitMaxDischarge',
} as const satisfies Partial<Record<ControlType, keyof SetRequest>>

export const setDerControl: Translator2<'set_der_control'> = function* (command): CommandSteps {
  const { controlId, isDefault, controlType, settings } = command
  const field = Object.hasOwn(fields, controlType) ? fields[controlType as keyof typeof fields] : 'curve'
  const request = { controlId, isDefault, controlType, [field]: settings }
  return yield* askAndTell<typeof request, OCPP21.SetDERControlResponse>(
    'SetDERControl',
    request,
    { Accepted: ({ supersededIds }) => ({ superseded: supersededIds }) },
    ['NotSupported'],
  )
}

export const readDerControls: Translator2<'read_der_controls'> = function* (command): CommandSteps {
  const { requestId, controlId, isDefault, controlType } = command
  const request: OCPP21.GetDERControlRequest = { requestId }
  if (controlId !== undefined) request.controlId = controlId
  if (isDefault !== undefined) request.isDefault = isDefault
  if (controlType !== undefined) request.controlType = controlType as ControlType
  return yield* askForStatus('GetDERControl', request, { Accepted: null, NotFound: { empty: true } }, ['NotSupported'])
}

export const clearDerControls: Translator2<'clear_der_controls'> = function* (command): CommandSteps {
  const { controlId, isDefault, controlType } = command
  const request: OCPP21.ClearDERControlRequest = { isDefault }
  if (controlId !== undefined) request.controlId = controlId
  if (controlType !== undefined) request.controlType = controlType as ControlType
  return yield* askForStatus('ClearDERControl', request, { Accepted: null }, ['NotSupported'])
}

const reported = [
  'curve',
  ...Object.values(fields),
] as const satisfies readonly (keyof OCPP21.ReportDERControlRequest)[]

export const derNotices = [
  noticeMessage<'report.part', OCPP21.ReportDERControlRequest>({
    action: 'ReportDERControl',
    topic: 'report.part',
    read(sent, reading) {
      const items = reported.flatMap((kind) => (sent[kind] ?? []).map((each) => ({ kind, ...each })))
      return { data: counted('der_controls', sent, items, reading) }
    },
  }),
  noticeMessage<'der.alarm', OCPP21.NotifyDERAlarmRequest>({
    action: 'NotifyDERAlarm',
    topic: 'der.alarm',
    read: ({ controlType, gridEventFault, alarmEnded, extraInfo, timestamp }) => ({
      data: {
        controlType: controlType ?? '',
        ...(gridEventFault === undefined ? {} : { fault: snakeCase(gridEventFault) }),
        ended: alarmEnded === true,
        ...(extraInfo === undefined ? {} : { info: extraInfo }),
      },
      at: timestamp,
    }),
  }),
  noticeMessage<'der.started_stopped', OCPP21.NotifyDERStartStopRequest>({
    action: 'NotifyDERStartStop',
    topic: 'der.started_stopped',
    read: ({ controlId, started, supersededIds, timestamp }) => ({
      data: { controlId: controlId ?? '', started: started === true, superseded: supersededIds ?? [] },
      at: timestamp,
    }),
  }),
]
