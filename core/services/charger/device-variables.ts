// Owns reading a part of a device model report into rows: one for each attribute of each variable.
// Must not fail on a part that departs from the standard: what can be read is kept.
import type { NoticeData } from '../../domain/station-notice.ts'
import { noticeEffect } from '../../store/notice-effects.ts'
import type { ChargerDeps } from './charger-deps.ts'
import type { StationState } from './station-state.ts'
import { inStation, type StationWork } from './station-work.ts'

type Loose = Record<string, unknown>

const record = (value: unknown): Loose =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Loose) : {}
const text = (value: unknown): string | null => (typeof value === 'string' ? value.replaceAll('\0', '') : null)
const flag = (value: unknown): boolean | null => (typeof value === 'boolean' ? value : null)
const whole = (value: unknown): number =>
  typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= 0x7fffffff ? value : 0
const decimal = (value: unknown): string | null =>
  typeof value === 'number' && Number.isFinite(value) ? String(value) : null

/** A NotifyReport's `reportData` (2.0.1 part 2, ReportDataType). */
export function deviceVariables(
  _deps: ChargerDeps,
  station: StationState,
  work: StationWork,
  data: NoticeData['report.part'],
): void {
  if (data.report !== 'variables') return
  for (const each of data.items) {
    const item = record(each)
    const component = record(item.component)
    const variable = record(item.variable)
    const characteristics = record(item.variableCharacteristics)
    const evse = record(component.evse)
    const name = text(component.name)
    const variableName = text(variable.name)
    if (name === null || variableName === null) continue
    const attributes = Array.isArray(item.variableAttribute) ? item.variableAttribute : []
    for (const attribute of attributes.length === 0 ? [{}] : attributes) {
      const of = record(attribute)
      work.effects.push(
        noticeEffect.variable({
          ...inStation(station),
          component: name,
          component_instance: text(component.instance) ?? '',
          evse_number: whole(evse.id),
          connector_number: whole(evse.connectorId),
          variable: variableName,
          variable_instance: text(variable.instance) ?? '',
          attribute: text(of.type) ?? 'Actual',
          value: text(of.value),
          mutability: text(of.mutability),
          persistent: flag(of.persistent),
          constant: flag(of.constant),
          data_type: text(characteristics.dataType),
          unit: text(characteristics.unit),
          min_limit: decimal(characteristics.minLimit),
          max_limit: decimal(characteristics.maxLimit),
          values_list: text(characteristics.valuesList),
          supports_monitoring: flag(characteristics.supportsMonitoring),
          updated_at: work.receivedAt,
        }),
      )
    }
  }
}
