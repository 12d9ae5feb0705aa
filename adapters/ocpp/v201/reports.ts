// Owns OCPP 2.x GetBaseReport, GetReport and GetMonitoringReport (B07, B08, N02): what is asked for comes later, in parts.
// Must not collect the parts; the core does.
import type { OCPP20 } from 'typed-ocpp'
import type { ComponentVariable } from '../../../core/plugin/index.ts'
import { askForStatus, type CommandSteps } from '../command.ts'
import type { Translator2 } from './words.ts'

type Target = NonNullable<OCPP20.GetReportRequest['componentVariable']>[number]

const bases = {
  configuration: 'ConfigurationInventory',
  full: 'FullInventory',
  summary: 'SummaryInventory',
} as const
const criteria = { active: 'Active', available: 'Available', enabled: 'Enabled', problem: 'Problem' } as const
const monitorings = {
  threshold: 'ThresholdMonitoring',
  delta: 'DeltaMonitoring',
  periodic: 'PeriodicMonitoring',
} as const

const answers = { Accepted: null, EmptyResultSet: { empty: true } }
const cannotSay = ['NotSupported']

export function targetOf(asked: ComponentVariable): Target {
  const { component, componentInstance, evse, connector, variable, variableInstance } = asked
  const made: Target = { component: { name: component } }
  if (componentInstance !== undefined) made.component.instance = componentInstance
  if (evse !== undefined) {
    made.component.evse = { id: evse }
    if (connector !== undefined) made.component.evse.connectorId = connector
  }
  if (variable !== undefined) {
    made.variable = { name: variable }
    if (variableInstance !== undefined) made.variable.instance = variableInstance
  }
  return made
}

function targets(
  components: readonly ComponentVariable[] | undefined,
): Pick<OCPP20.GetReportRequest, 'componentVariable'> {
  const [first, ...others] = (components ?? []).map(targetOf)
  return first === undefined ? {} : { componentVariable: [first, ...others] }
}

export const readReport: Translator2<'read_report'> = function* (command): CommandSteps {
  const { requestId, base, components } = command
  if (base !== undefined) {
    const request: OCPP20.GetBaseReportRequest = { requestId, reportBase: bases[base] }
    return yield* askForStatus('GetBaseReport', request, answers, cannotSay)
  }
  const request: OCPP20.GetReportRequest = { requestId, ...targets(components) }
  const wanted = (command.criteria ?? []).map((each) => criteria[each])
  if (wanted.length > 0) request.componentCriteria = wanted as NonNullable<typeof request.componentCriteria>
  return yield* askForStatus('GetReport', request, answers, cannotSay)
}

export const readMonitors: Translator2<'read_monitors'> = function* (command): CommandSteps {
  const { requestId, components } = command
  const request: OCPP20.GetMonitoringReportRequest = { requestId, ...targets(components) }
  const wanted = (command.criteria ?? []).map((each) => monitorings[each])
  if (wanted.length > 0) request.monitoringCriteria = wanted as NonNullable<typeof request.monitoringCriteria>
  return yield* askForStatus('GetMonitoringReport', request, answers, cannotSay)
}
