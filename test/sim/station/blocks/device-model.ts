// Owns the device model: variables, reports in parts, network profiles (OCPP 2.x block B).
// Must not know 1.6 keys.
import { type Block, type Core, given, list, ok, part, status } from '../core.ts'
import type { Payload } from '../options.ts'
import { writeSetting } from '../settings.ts'

/** Small, so that every report comes in several parts. */
const itemsPerMessage = 4

const keyOf = (one: Payload) => `${part(one.component).name}.${part(one.variable).name}`

function unknownWord(core: Core, one: Payload): string {
  const component = `${part(one.component).name}.`
  const known = [...core.state.settings.keys()].some((key) => key.startsWith(component))
  return known ? 'UnknownVariable' : 'UnknownComponent'
}

function report(core: Core, requestId: unknown, keys: readonly string[]) {
  return async () => {
    for (let at = 0; at < keys.length; at += itemsPerMessage) {
      const reportData = keys.slice(at, at + itemsPerMessage).map((key) => {
        const [component = '', variable = ''] = key.split('.')
        const setting = core.state.settings.get(key)
        return {
          component: { name: component },
          variable: { name: variable },
          variableAttribute: [
            given({
              type: 'Actual',
              value: setting?.secret === true ? undefined : setting?.value,
              mutability:
                setting?.secret === true ? 'WriteOnly' : setting?.readOnly === true ? 'ReadOnly' : 'ReadWrite',
              persistent: true,
              constant: false,
            }),
          ],
          variableCharacteristics: { dataType: 'string', supportsMonitoring: false },
        }
      })
      await core.tell('NotifyReport', {
        requestId,
        generatedAt: core.stamp(),
        tbc: at + itemsPerMessage < keys.length,
        seqNo: at / itemsPerMessage,
        reportData,
      })
    }
  }
}

export const deviceModel: Block = {
  GetVariables: ({ getVariableData }, core) =>
    ok({
      getVariableResult: list(getVariableData).map((one) => {
        const { component, variable, attributeType } = one
        const echo = given({ component, variable, attributeType })
        if (attributeType !== undefined && attributeType !== 'Actual') {
          return { ...echo, attributeStatus: 'NotSupportedAttributeType' }
        }
        const setting = core.state.settings.get(keyOf(one))
        if (setting === undefined) return { ...echo, attributeStatus: unknownWord(core, one) }
        if (setting.secret === true) return { ...echo, attributeStatus: 'Rejected' }
        return { ...echo, attributeStatus: 'Accepted', attributeValue: setting.value }
      }),
    }),
  SetVariables: ({ setVariableData }, core) =>
    ok({
      setVariableResult: list(setVariableData).map((one) => {
        const { component, variable, attributeType, attributeValue } = one
        const echo = given({ component, variable, attributeType })
        if (attributeType !== undefined && attributeType !== 'Actual') {
          return { ...echo, attributeStatus: 'NotSupportedAttributeType' }
        }
        const said = writeSetting(core.state.settings, keyOf(one), String(attributeValue))
        return { ...echo, attributeStatus: said === 'Unknown' ? unknownWord(core, one) : said }
      }),
    }),
  GetBaseReport: ({ requestId, reportBase }, core) => {
    const keys = [...core.state.settings.keys()].sort()
    const chosen = {
      FullInventory: keys,
      ConfigurationInventory: keys.filter((key) => core.state.settings.get(key)?.readOnly !== true),
      SummaryInventory: keys.filter((key) => key.endsWith('State')),
    }[String(reportBase)]
    return chosen === undefined ? status('NotSupported') : status('Accepted', report(core, requestId, chosen))
  },
  GetReport: ({ requestId, componentVariable }, core) => {
    const wanted = list(componentVariable)
    const keys = [...core.state.settings.keys()].sort().filter((key) => {
      const [component, variable] = key.split('.')
      const fits = (one: Payload) =>
        part(one.component).name === component && [undefined, variable].includes(part(one.variable).name as string)
      return wanted.length === 0 || wanted.some(fits)
    })
    return keys.length === 0 ? status('EmptyResultSet') : status('Accepted', report(core, requestId, keys))
  },
  SetNetworkProfile: ({ configurationSlot, connectionData }, { state }) => {
    const slot = Number(configurationSlot)
    if (slot < 1 || slot > 3) return status('Rejected')
    state.networkProfiles.set(slot, part(connectionData))
    return status('Accepted')
  },
}
