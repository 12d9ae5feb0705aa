// Owns the one-line name of a 2.x variable: `Component.Variable`, with `[instance]` behind either and `@evse[.connector]` behind the component.
// Must not know any component.
import type { OCPP20 } from 'typed-ocpp'
import type { Loose } from '../message.ts'

type Component = OCPP20.GetVariablesRequest['getVariableData'][number]['component']
type Variable = OCPP20.GetVariablesRequest['getVariableData'][number]['variable']

export interface VariableName {
  component: Component
  variable: Variable
}

const pattern =
  /^([^.[\]@]{1,50})(?:\[([^[\]]{1,50})\])?(?:@(\d{1,6})(?:\.(\d{1,6}))?)?\.([^.[\]@]{1,50})(?:\[([^[\]]{1,50})\])?$/

/** @example parseVariable('EVSE@1.Power') // component EVSE of EVSE 1, variable Power */
export function parseVariable(text: string): VariableName | null {
  const match = pattern.exec(text)
  if (match === null) return null
  const [, name = '', instance, evse, connector, variableName = '', variableInstance] = match
  const component: Component = { name }
  if (instance !== undefined) component.instance = instance
  if (evse !== undefined) {
    component.evse = { id: Number(evse) }
    if (connector !== undefined) component.evse.connectorId = Number(connector)
  }
  const variable: Variable = { name: variableName }
  if (variableInstance !== undefined) variable.instance = variableInstance
  return { component, variable }
}

export function variableText(component: Loose<Component> | undefined, variable: Loose<Variable> | undefined): string {
  const of = (instance: string | undefined) => (instance === undefined ? '' : `[${instance}]`)
  const evse = component?.evse
  const place =
    evse?.id === undefined ? '' : evse.connectorId === undefined ? `@${evse.id}` : `@${evse.id}.${evse.connectorId}`
  return `${component?.name ?? ''}${of(component?.instance)}${place}.${variable?.name ?? ''}${of(variable?.instance)}`
}
