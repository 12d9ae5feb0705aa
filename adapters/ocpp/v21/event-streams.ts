// Owns OCPP 2.1 periodic event streams (N11-N15): opening, adjusting, listing and closing them, and the values that come unanswered.
// Must not act on a value.
import type { OCPP21 } from 'typed-ocpp'
import { ask, askForStatus, type CommandSteps } from '../command.ts'
import { deviceTime } from '../device-time.ts'
import type { Loose, Reading } from '../message.ts'
import { because, inquiryMessage } from '../v201/inquiry-message.ts'
import { noticeMessage, numberOf } from '../v201/notice-message.ts'
import { withResult } from '../v201/said.ts'
import type { Translator2 } from '../v201/words.ts'
import { smallNumber } from '../whole-number.ts'

type Stream = OCPP21.OpenPeriodicEventStreamRequest['constantStreamData']

const paramsOf = ({ intervalSeconds, values }: { intervalSeconds?: number; values?: number }) => ({
  ...(intervalSeconds === undefined ? {} : { interval: intervalSeconds }),
  ...(values === undefined ? {} : { values }),
})

function neutralParams(params: Loose<Stream['params']> | undefined, reading?: Reading) {
  const bounded = (value: number | undefined, field: string) =>
    reading === undefined ? value : smallNumber(value, field, reading)
  const intervalSeconds = bounded(params?.interval, 'interval')
  const values = bounded(params?.values, 'values')
  return { ...(intervalSeconds === undefined ? {} : { intervalSeconds }), ...(values === undefined ? {} : { values }) }
}

export const adjustStream: Translator2<'adjust_stream'> = function* (command): CommandSteps {
  const request: OCPP21.AdjustPeriodicEventStreamRequest = { id: command.streamId, params: paramsOf(command) }
  return yield* askForStatus('AdjustPeriodicEventStream', request, { Accepted: null })
}

export const readStreams: Translator2<'read_streams'> = function* (): CommandSteps {
  const said = yield* ask<OCPP21.GetPeriodicEventStreamRequest, OCPP21.GetPeriodicEventStreamResponse>(
    'GetPeriodicEventStream',
    {},
  )
  if ('ended' in said) return said.ended
  const streams = (said.answer.constantStreamData ?? []).map(({ id, variableMonitoringId, params }) => ({
    streamId: id ?? 0,
    monitorId: variableMonitoringId ?? 0,
    ...neutralParams(params),
  }))
  return withResult({ streams })
}

export const streamMessages = [
  inquiryMessage<'stream.open', OCPP21.OpenPeriodicEventStreamRequest>({
    action: 'OpenPeriodicEventStream',
    topic: 'stream.open',
    read: ({ constantStreamData: stream }, reading) => ({
      ask: {
        streamId: numberOf(stream?.id, 'id', reading),
        monitorId: numberOf(stream?.variableMonitoringId, 'variableMonitoringId', reading),
        ...neutralParams(stream?.params, reading),
      },
    }),
    reply: ({ accepted, reason }): OCPP21.OpenPeriodicEventStreamResponse =>
      accepted ? { status: 'Accepted' } : { status: 'Rejected', ...because(reason) },
    refuse: (): OCPP21.OpenPeriodicEventStreamResponse => ({ status: 'Rejected' }),
  }),
  noticeMessage<'stream.closed', OCPP21.ClosePeriodicEventStreamRequest>({
    action: 'ClosePeriodicEventStream',
    topic: 'stream.closed',
    read: ({ id }, reading) => ({ data: { streamId: numberOf(id, 'id', reading) } }),
  }),
]

/** Values of a stream: `t` are seconds after the base time. Sent without expecting an answer. */
export const streamValues = noticeMessage<'stream.values', OCPP21.NotifyPeriodicEventStream>({
  action: 'NotifyPeriodicEventStream',
  topic: 'stream.values',
  read({ id, pending, basetime, data }, reading, receivedAt) {
    const base = deviceTime(basetime, receivedAt, reading.profile.clockZone, reading).at.getTime()
    const values = (data ?? []).flatMap(({ t, v }) => {
      const at = new Date(base + Math.round((t ?? 0) * 1000))
      // A number that leads out of the calendar is no time.
      return v === undefined || Number.isNaN(at.getTime()) ? [] : [{ at: at.toISOString(), value: v }]
    })
    return {
      data: { streamId: numberOf(id, 'id', reading), pending: numberOf(pending, 'pending', reading), values },
      at: basetime,
    }
  },
})
