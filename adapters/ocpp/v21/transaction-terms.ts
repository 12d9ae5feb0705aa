// Owns what OCPP 2.1 adds to a TransactionEvent: cost as the station reckons it, limits, tariff and operation mode (E16, E17, I05-I12).
// Must not reckon: amounts stay the station's.
import type { OCPP21 } from 'typed-ocpp'
import type { TransactionTerms } from '../../../core/plugin/index.ts'
import { bounded } from '../bounded.ts'
import type { Loose, Reading } from '../message.ts'
import { snakeCase } from '../v201/snake-case.ts'
import { smallNumber } from '../whole-number.ts'

type Request = Loose<OCPP21.TransactionEventRequest>
type Limit = NonNullable<NonNullable<Request['transactionInfo']>['transactionLimit']>

function limitOf({ maxCost, maxEnergy, maxTime, maxSoC }: Limit, reading: Reading): TransactionTerms['limit'] {
  const whole = (value: number | undefined, field: string) =>
    smallNumber(value === undefined ? undefined : Math.round(value), field, reading)
  const limits = {
    cost: maxCost === undefined ? undefined : String(maxCost),
    energyWh: whole(maxEnergy, 'maxEnergy'),
    seconds: whole(maxTime, 'maxTime'),
    soc: whole(maxSoC, 'maxSoC'),
  }
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined))
}

/** Undefined when the event says nothing of the kind. */
export function transactionTerms(sent: object, reading: Reading): TransactionTerms | undefined {
  const { costDetails, transactionInfo } = sent as Request
  const { operationMode, tariffId, transactionLimit } = transactionInfo ?? {}
  const terms: TransactionTerms = {}
  if (operationMode !== undefined) terms.operationMode = snakeCase(operationMode)
  if (tariffId !== undefined) terms.tariffId = tariffId
  if (transactionLimit !== undefined) terms.limit = limitOf(transactionLimit, reading) ?? {}
  if (costDetails !== undefined) terms.cost = { ...bounded(costDetails) }
  return Object.keys(terms).length === 0 ? undefined : terms
}
