// Owns the OCPP 2.x monitoring commands: SetMonitoringBase, SetMonitoringLevel, SetVariableMonitoring, ClearVariableMonitoring (N03-N06).
// Must not receive what monitors report.
import type { OCPP20, OCPP21 } from 'typed-ocpp'
import type { Monitor } from '../../../core/plugin/index.ts'
import { ask, askForStatus, type CommandSteps, refused } from '../command.ts'
import { targetOf } from './reports.ts'
import { type ItemResult, ofItems, reasonOf } from './said.ts'
import { snakeCase } from './snake-case.ts'
import { variableText } from './variable-name.ts'
import { lacks, type Translator2, type Words } from './words.ts'

type SetRequest = OCPP21.SetVariableMonitoringRequest
type Data = SetRequest['setMonitoringData'][number]
type ClearRequest = OCPP20.ClearVariableMonitoringRequest

/** Stations may limit the entries of one request (ItemsPerMessage); four is within every limit seen. */
const perRequest = 4

const bases = { all: 'All', factory_default: 'FactoryDefault', hard_wired_only: 'HardWiredOnly' } as const

export const setMonitoringBase: Translator2<'set_monitoring_base'> = function* ({ base }): CommandSteps {
  const request: OCPP20.SetMonitoringBaseRequest = { monitoringBase: bases[base] }
  return yield* askForStatus('SetMonitoringBase', request, { Accepted: null }, ['NotSupported'])
}

export const setMonitoringLevel: Translator2<'set_monitoring_level'> = function* ({ severity }): CommandSteps {
  const request: OCPP20.SetMonitoringLevelRequest = { severity }
  return yield* askForStatus('SetMonitoringLevel', request, { Accepted: null })
}

function dataOf(monitor: Monitor, words: Words): Data | string {
  const { monitorId, target, kind, value, severity, transactionOnly, stream } = monitor
  const type = words.monitorKinds[kind]
  if (type === undefined) return `kind ${kind}`
  if (stream !== undefined && !words.streams) return 'stream'
  const { component, variable = { name: target.variable } } = targetOf(target)
  const data: Data = { component, variable, type, value, severity }
  if (monitorId !== undefined) data.id = monitorId
  if (transactionOnly !== undefined) data.transaction = transactionOnly
  if (stream !== undefined) {
    data.periodicEventStream = {
      ...(stream.intervalSeconds === undefined ? {} : { interval: stream.intervalSeconds }),
      ...(stream.values === undefined ? {} : { values: stream.values }),
    }
  }
  return data
}

export const setMonitors: Translator2<'set_monitors'> = function* ({ monitors }, words): CommandSteps {
  const wanted: Data[] = []
  for (const monitor of monitors) {
    const data = dataOf(monitor, words)
    if (typeof data === 'string') return lacks(words, `monitor with ${data}`)
    wanted.push(data)
  }
  const results: Record<string, unknown>[] = []
  const items: ItemResult[] = []
  for (let from = 0; from < wanted.length; from += perRequest) {
    const chunk = wanted.slice(from, from + perRequest) as SetRequest['setMonitoringData']
    const said = yield* ask<SetRequest, OCPP21.SetVariableMonitoringResponse>('SetVariableMonitoring', {
      setMonitoringData: chunk,
    })
    if ('ended' in said) {
      return items.length === 0 || said.ended.kind !== 'refused'
        ? said.ended
        : refused(said.ended.reason, { monitors: results })
    }
    for (const each of said.answer.setMonitoringResult ?? []) {
      const { id, status, statusInfo, type, severity, component, variable } = each
      const accepted = status === 'Accepted'
      const reason = reasonOf(status, statusInfo)
      items.push({ accepted, reason })
      results.push({
        target: variableText(component, variable),
        kind: snakeCase(type),
        ...(severity === undefined ? {} : { severity }),
        status: snakeCase(status),
        ...(id === undefined ? {} : { monitorId: id }),
        ...(accepted ? {} : { reason }),
      })
    }
  }
  return ofItems(items, { monitors: results })
}

export const clearMonitors: Translator2<'clear_monitors'> = function* ({ monitorIds }): CommandSteps {
  const results: Record<string, unknown>[] = []
  const items: ItemResult[] = []
  for (let from = 0; from < monitorIds.length; from += perRequest) {
    const id = monitorIds.slice(from, from + perRequest) as ClearRequest['id']
    const said = yield* ask<ClearRequest, OCPP20.ClearVariableMonitoringResponse>('ClearVariableMonitoring', { id })
    if ('ended' in said) {
      return items.length === 0 || said.ended.kind !== 'refused'
        ? said.ended
        : refused(said.ended.reason, { monitors: results })
    }
    for (const each of said.answer.clearMonitoringResult ?? []) {
      const accepted = each.status === 'Accepted'
      items.push({ accepted, reason: reasonOf(each.status, each.statusInfo) })
      results.push({ monitorId: each.id, status: snakeCase(each.status) })
    }
  }
  return ofItems(items, { monitors: results })
}
