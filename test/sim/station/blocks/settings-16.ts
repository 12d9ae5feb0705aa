// Owns GetConfiguration and ChangeConfiguration (OCPP 1.6 sections 5.8 and 5.3).
// Must not know 2.x variables.
import { type Block, given, ok, status } from '../core.ts'
import { writeSetting } from '../settings.ts'

export const settings16: Block = {
  GetConfiguration: ({ key }, { state }) => {
    const asked = Array.isArray(key) && key.length > 0 ? key.map(String) : [...state.settings.keys()]
    const known = asked.filter((each) => state.settings.has(each))
    const unknownKey = asked.filter((each) => !state.settings.has(each))
    const configurationKey = known.map((each) => {
      const setting = state.settings.get(each)
      const value = setting?.secret === true ? undefined : setting?.value
      return given({ key: each, readonly: setting?.readOnly === true, value })
    })
    return ok({ configurationKey, unknownKey })
  },
  ChangeConfiguration: ({ key, value }, { state }) => {
    const said = writeSetting(state.settings, String(key), String(value))
    return status(said === 'Unknown' ? 'NotSupported' : said)
  },
}
