// Owns the OCPP 2.1 tariff commands: SetDefaultTariff, ChangeTransactionTariff, GetTariffs, ClearTariffs, and NotifyWebPaymentStarted (I07-I12, C25).
// Must not make a price: a tariff goes out as it was given.
import type { OCPP21 } from 'typed-ocpp'
import { ask, askForStatus, type CommandSteps } from '../command.ts'
import { askAndTell, ofItems, reasonOf } from '../v201/said.ts'
import { snakeCase } from '../v201/snake-case.ts'
import { transactionId } from '../v201/transaction-ref.ts'
import type { Translator2 } from '../v201/words.ts'

type Tariff = OCPP21.SetDefaultTariffRequest['tariff']

export const setDefaultTariff: Translator2<'set_default_tariff'> = function* ({ evse, tariff }): CommandSteps {
  const request: OCPP21.SetDefaultTariffRequest = { evseId: evse ?? 0, tariff: tariff as unknown as Tariff }
  return yield* askForStatus('SetDefaultTariff', request, { Accepted: null })
}

export const changeTariff: Translator2<'change_tariff'> = function* ({ transaction, tariff }): CommandSteps {
  const named = transactionId(transaction)
  if ('ended' in named) return named.ended
  const request: OCPP21.ChangeTransactionTariffRequest = {
    transactionId: named.id,
    tariff: tariff as unknown as Tariff,
  }
  return yield* askForStatus('ChangeTransactionTariff', request, { Accepted: null })
}

export const readTariffs: Translator2<'read_tariffs'> = function* ({ evse }): CommandSteps {
  const request: OCPP21.GetTariffsRequest = { evseId: evse ?? 0 }
  return yield* askAndTell<typeof request, OCPP21.GetTariffsResponse>('GetTariffs', request, {
    Accepted: ({ tariffAssignments }) => ({
      tariffs: (tariffAssignments ?? []).map(({ tariffId, tariffKind, validFrom, evseIds, idTokens }) => ({
        tariffId: tariffId ?? '',
        kind: tariffKind === 'DriverTariff' ? 'driver' : 'default',
        ...(validFrom === undefined ? {} : { validFrom }),
        evses: evseIds ?? [],
        tokens: idTokens ?? [],
      })),
    }),
    NoTariff: () => ({ tariffs: [] }),
  })
}

export const clearTariffs: Translator2<'clear_tariffs'> = function* ({ evse, tariffIds }): CommandSteps {
  const request: OCPP21.ClearTariffsRequest = {}
  if (evse !== undefined) request.evseId = evse
  const [first, ...others] = tariffIds ?? []
  if (first !== undefined) request.tariffIds = [first, ...others]
  const said = yield* ask<typeof request, OCPP21.ClearTariffsResponse>('ClearTariffs', request)
  if ('ended' in said) return said.ended
  const results = said.answer.clearTariffsResult ?? []
  return ofItems(
    results.map(({ status, statusInfo }) => ({
      accepted: status === 'Accepted',
      reason: reasonOf(status, statusInfo),
    })),
    {
      tariffs: results.map(({ tariffId, status }) => ({
        ...(tariffId === undefined ? {} : { tariffId }),
        status: snakeCase(status),
      })),
    },
  )
}

export const webPaymentStarted: Translator2<'web_payment_started'> = function* (command): CommandSteps {
  const request: OCPP21.NotifyWebPaymentStartedRequest = { evseId: command.evse, timeout: command.timeoutSeconds }
  const said = yield* ask<typeof request, OCPP21.NotifyWebPaymentStartedResponse>('NotifyWebPaymentStarted', request)
  return 'ended' in said ? said.ended : { kind: 'accepted' }
}
