// Owns what moves while a car charges: dynamic schedules, energy transfer, grid signals, priority, battery swap, web payment (2.1).
// Must not keep more than the last word of each.
import { type Block, ok, part, status } from '../core.ts'
import { updateProfile } from './charging-profiles.ts'

export const dynamicControl: Block = {
  UpdateDynamicSchedule: ({ chargingProfileId, scheduleUpdate }, core) =>
    status(updateProfile(core, chargingProfileId, part(scheduleUpdate)) ? 'Accepted' : 'Rejected'),
  NotifyAllowedEnergyTransfer: ({ transactionId }, { state }) =>
    status(state.evses.some((one) => one.transaction?.ref === transactionId) ? 'Accepted' : 'Rejected'),
  AFRRSignal: (_, { state }) => status(state.evses.some((one) => one.transaction !== null) ? 'Accepted' : 'Rejected'),
  UsePriorityCharging: ({ transactionId, activate }, core) => {
    const ref = String(transactionId)
    if (!core.state.evses.some((one) => one.transaction?.ref === ref)) return status('Rejected')
    if (activate === true) core.state.priority.add(ref)
    else core.state.priority.delete(ref)
    return status('Accepted', () =>
      core.tell('NotifyPriorityCharging', { transactionId: ref, activated: activate === true }),
    )
  },
  RequestBatterySwap: ({ idToken, requestId }, core) =>
    status('Accepted', async () => {
      const battery = (evseId: number, soC: number) => [{ evseId, serialNumber: `BAT-${evseId}-${soC}`, soC, soH: 95 }]
      const swap = { idToken, requestId }
      await core.tell('BatterySwap', { ...swap, eventType: 'BatteryIn', batteryData: battery(1, 12) })
      await core.tell('BatterySwap', { ...swap, eventType: 'BatteryOut', batteryData: battery(1, 98) })
    }),
  NotifyWebPaymentStarted: () => ok({}),
}
