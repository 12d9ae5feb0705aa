// Owns monitors of variables and the events they raise (2.x block N).
// Must not sample by itself; `raise` is called by whoever plays with the station.
import { type Block, type Core, given, list, ok, part, status } from '../core.ts'
import type { Payload } from '../options.ts'

const groups: Readonly<Record<string, string>> = {
  UpperThreshold: 'ThresholdMonitoring',
  LowerThreshold: 'ThresholdMonitoring',
  Delta: 'DeltaMonitoring',
  TargetDelta: 'DeltaMonitoring',
  TargetDeltaRelative: 'DeltaMonitoring',
  Periodic: 'PeriodicMonitoring',
  PeriodicClockAligned: 'PeriodicMonitoring',
}

/** Tells of a value that a monitor was set on. */
export async function raise(core: Core, monitorId: number, actualValue: string): Promise<void> {
  const monitor = core.state.monitors.get(monitorId)
  if (monitor === undefined || monitor.severity > core.state.monitoring.level) return
  await core.tell('NotifyEvent', {
    generatedAt: core.stamp(),
    tbc: false,
    seqNo: 0,
    eventData: [
      {
        eventId: core.random.whole(1_000_000),
        timestamp: core.stamp(),
        trigger: monitor.type.startsWith('Periodic') ? 'Periodic' : monitor.type === 'Delta' ? 'Delta' : 'Alerting',
        actualValue,
        eventNotificationType: 'CustomMonitor',
        variableMonitoringId: monitorId,
        component: monitor.component,
        variable: monitor.variable,
      },
    ],
  })
}

function report(
  core: Core,
  requestId: unknown,
  wanted: (monitor: { type: string; component: Payload; variable: Payload }) => boolean,
) {
  const found = [...core.state.monitors.values()].filter(wanted)
  if (found.length === 0) return status('EmptyResultSet')
  return status('Accepted', async () => {
    for (const [i, { id, component, variable, type, value, severity, transaction }] of found.entries()) {
      const own = core.version === 'ocpp2.1' ? { eventNotificationType: 'CustomMonitor' } : {}
      await core.tell('NotifyMonitoringReport', {
        requestId,
        seqNo: i,
        generatedAt: core.stamp(),
        tbc: i < found.length - 1,
        monitor: [{ component, variable, variableMonitoring: [{ id, type, value, severity, transaction, ...own }] }],
      })
    }
  })
}

export const monitoring: Block = {
  SetMonitoringBase: ({ monitoringBase }, { state }) => {
    state.monitoring.base = String(monitoringBase)
    if (monitoringBase !== 'All') state.monitors.clear()
    return status('Accepted')
  },
  SetMonitoringLevel: ({ severity }, { state }) => {
    if (Number(severity) < 0 || Number(severity) > 9) return status('Rejected')
    state.monitoring.level = Number(severity)
    return status('Accepted')
  },
  SetVariableMonitoring: ({ setMonitoringData }, core) => {
    const opened: number[] = []
    const setMonitoringResult = list(setMonitoringData).map((one) => {
      const { component, variable, type, severity, value, transaction } = one
      const echo = { component, variable, type, severity }
      const known = [...core.state.settings.keys()].some((key) => key.startsWith(`${part(component).name}.`))
      if (!known) return { ...echo, status: 'UnknownComponent' }
      if (Number(severity) < 0 || Number(severity) > 9) return { ...echo, status: 'Rejected' }
      const id = typeof one.id === 'number' ? one.id : core.state.monitors.size + 1
      core.state.monitors.set(id, {
        id,
        component: part(component),
        variable: part(variable),
        type: String(type),
        value: Number(value),
        severity: Number(severity),
        transaction: transaction === true,
      })
      if (one.periodicEventStream !== undefined) {
        core.state.streams.set(id, { id, variableMonitoringId: id, params: part(one.periodicEventStream) })
        opened.push(id)
      }
      return { ...echo, id, status: 'Accepted' }
    })
    return ok({ setMonitoringResult }, async () => {
      for (const id of opened) {
        const stream = core.state.streams.get(id)
        if (stream !== undefined) await core.tell('OpenPeriodicEventStream', { constantStreamData: stream })
      }
    })
  },
  ClearVariableMonitoring: ({ id }, { state }) =>
    ok({
      clearMonitoringResult: (Array.isArray(id) ? id : []).map((each: number) => {
        state.streams.delete(each)
        return { id: each, status: state.monitors.delete(each) ? 'Accepted' : 'NotFound' }
      }),
    }),
  GetMonitoringReport: ({ requestId, monitoringCriteria, componentVariable }, core) => {
    const criteria = Array.isArray(monitoringCriteria) ? monitoringCriteria : []
    const places = list(componentVariable)
    return report(core, requestId, ({ type, component }) => {
      const here = places.some((one) => part(one.component).name === component.name)
      return (criteria.length === 0 || criteria.includes(groups[type])) && (places.length === 0 || here)
    })
  },
}

/** One value of a stream (2.1 N15), as a message without an answer. */
export function streamValue(core: Core, streamId: number, value: string): void {
  core.stream(
    'NotifyPeriodicEventStream',
    given({ id: streamId, pending: 0, basetime: core.stamp(), data: [{ t: 0, v: value }] }),
  )
}
