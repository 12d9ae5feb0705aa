// Owns tariffs and cost (2.x block I).
// Must not reckon a price.
import { type Block, evseOf, given, ok, part, status } from '../core.ts'

export const tariffs: Block = {
  CostUpdated: ({ totalCost, transactionId }, { state }) => {
    state.costs.set(String(transactionId), Number(totalCost))
    return ok({})
  },
  SetDefaultTariff: ({ evseId, tariff }, core) => {
    const evse = Number(evseId)
    if (evse !== 0 && evseOf(core, evse) === undefined) return status('Rejected')
    core.state.tariffs = [
      ...core.state.tariffs.filter((one) => evse !== 0 && one.evse !== evse),
      { evse, tariff: part(tariff) },
    ]
    return status('Accepted')
  },
  ChangeTransactionTariff: ({ transactionId, tariff }, { state }) => {
    const running = state.evses.some((one) => one.transaction?.ref === transactionId)
    if (!running) return status('TxNotFound')
    state.transactionTariffs.set(String(transactionId), part(tariff))
    return status('Accepted')
  },
  GetTariffs: ({ evseId }, { state }) => {
    const found = state.tariffs.filter((one) => evseId === 0 || one.evse === 0 || one.evse === evseId)
    if (found.length === 0) return status('NoTariff')
    const tariffAssignments = found.map(({ evse, tariff }) =>
      given({
        tariffId: tariff.tariffId,
        tariffKind: 'DefaultTariff',
        validFrom: tariff.validFrom,
        evseIds: [evse],
      }),
    )
    return ok({ status: 'Accepted', tariffAssignments })
  },
  ClearTariffs: ({ tariffIds, evseId }, { state }) => {
    const here = state.tariffs.filter((one) => evseId === undefined || one.evse === evseId)
    const ids = Array.isArray(tariffIds) ? tariffIds.map(String) : here.map((one) => String(one.tariff.tariffId))
    const gone = new Set(here.filter((one) => ids.includes(String(one.tariff.tariffId))))
    state.tariffs = state.tariffs.filter((one) => !gone.has(one))
    const cleared = new Set([...gone].map((one) => String(one.tariff.tariffId)))
    const results = ids.map((tariffId) => ({ tariffId, status: cleared.has(tariffId) ? 'Accepted' : 'NoTariff' }))
    return ok({ clearTariffsResult: results.length > 0 ? results : [{ status: 'NoTariff' }] })
  },
}
