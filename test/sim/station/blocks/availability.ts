// Owns reset and availability (1.6 sections 5.1 and 5.14; 2.x B11, B12, G03, G04).
// Must not end a transaction that it was not asked to end.
import { type Block, type Core, evseOf, part, status } from '../core.ts'

async function restart(core: Core, stopReason: string, bootReason: string): Promise<void> {
  for (const evse of core.state.evses) await core.end(evse, stopReason)
  await core.reset(bootReason)
}

export const availability: Block = {
  Reset: ({ type, evseId }, core) => {
    if (core.v16) {
      return status('Accepted', () => restart(core, type === 'Hard' ? 'HardReset' : 'SoftReset', 'RemoteReset'))
    }
    if (evseId !== undefined) {
      const evse = evseOf(core, evseId)
      if (evse === undefined) return status('Rejected')
      return status('Accepted', async () => {
        await core.end(evse, 'ImmediateReset')
        await core.say([core.speech.status(evse)])
      })
    }
    const busy = core.state.evses.some((one) => one.transaction !== null)
    if (type === 'OnIdle' && busy) {
      core.state.resetWhenIdle = 'ScheduledReset'
      return status('Scheduled')
    }
    return status('Accepted', () =>
      restart(core, 'ImmediateReset', type === 'OnIdle' ? 'ScheduledReset' : 'RemoteReset'),
    )
  },
  ChangeAvailability: (payload, core) => {
    const asked = core.v16 ? payload.connectorId : part(payload.evse).id
    const whole = asked === 0 || asked === undefined
    const targets = core.state.evses.filter((one) => whole || one.id === asked)
    if (targets.length === 0) return status('Rejected')
    const operative = (core.v16 ? payload.type : payload.operationalStatus) === 'Operative'
    const busy = !operative && targets.some((one) => one.transaction !== null)
    for (const evse of targets) evse.operative = operative
    const tell = () => core.say(targets.map((evse) => core.speech.status(evse)))
    return status(busy ? 'Scheduled' : 'Accepted', tell)
  },
}
