// Owns settings of distributed energy resources (2.1 block R).
// Must not act on the grid.
import { type Block, type Core, given, part, status } from '../core.ts'
import type { Payload } from '../options.ts'

/** Where a control type's settings travel: in the request, and in the report. */
const fields = [
  'curve',
  'enterService',
  'fixedPFAbsorb',
  'fixedPFInject',
  'fixedVar',
  'freqDroop',
  'gradient',
  'limitMaxDischarge',
] as const
const inner: Readonly<Record<string, string>> = { fixedPFAbsorb: 'fixedPF', fixedPFInject: 'fixedPF' }

function matching(core: Core, { controlId, controlType, isDefault }: Payload): Payload[] {
  return [...core.state.derControls.values()].filter(
    (one) =>
      [undefined, one.controlId].includes(controlId) &&
      [undefined, one.controlType].includes(controlType) &&
      [undefined, one.isDefault].includes(isDefault),
  )
}

function reported(one: Payload): Payload {
  const field = fields.find((each) => one[each] !== undefined)
  if (field === undefined) return {}
  const common = { id: one.controlId, [inner[field] ?? field]: one[field] }
  const flags =
    field === 'enterService' || field === 'gradient' ? {} : { isDefault: one.isDefault, isSuperseded: false }
  const more = field === 'curve' ? { curveType: one.controlType } : field === 'gradient' ? {} : {}
  return { [field]: [{ ...common, ...flags, ...more }] }
}

export const derControl: Block = {
  SetDERControl: (payload, core) => {
    core.state.derControls.set(String(payload.controlId), part(payload))
    const { controlId, isDefault } = payload
    return status('Accepted', async () => {
      if (isDefault === true) return
      await core.tell('NotifyDERStartStop', { controlId, started: true, timestamp: core.stamp() })
    })
  },
  GetDERControl: (payload, core) => {
    const found = matching(core, payload)
    if (found.length === 0) return status('NotFound')
    return status('Accepted', async () => {
      for (const [i, one] of found.entries()) {
        const tbc = i < found.length - 1
        await core.tell('ReportDERControl', given({ requestId: payload.requestId, tbc, ...reported(one) }))
      }
    })
  },
  ClearDERControl: (payload, core) => {
    const found = matching(core, payload)
    for (const one of found) core.state.derControls.delete(String(one.controlId))
    return status(found.length > 0 ? 'Accepted' : 'NotFound')
  },
}
