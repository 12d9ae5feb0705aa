// Owns what a 1.6 charge point says for each thing that happens at it (OCPP 1.6 edition 2, sections 4 and 6).
// Must not send; station.ts does. Shares no code with the hub's own translation.
import { answer16 } from './commands-16.ts'
import { deformTag, deviceTimestamp } from './deform.ts'
import type { Dialect, DialectContext, EvseState, Outgoing, Payload, Reading, Token, Transaction } from './model.ts'
import { measurements, sampledValues16 } from './sampled-values.ts'
import { createSettings, settings16 } from './settings.ts'

/** A station that lost the answer to its start knows no number; -1 is what such chargers send. */
const unknownTransaction = -1

export function createDialect16(ctx: DialectContext): Dialect {
  const { quirks } = ctx
  const settings = createSettings(settings16, quirks)
  const stamp = () => deviceTimestamp(ctx.now(), quirks)
  const tagOf = (token: Token | undefined) => deformTag(token?.value ?? '', quirks)

  const register = (evse: EvseState, tx: Transaction | undefined, lifetimeWh = evse.registerWh) => {
    if (quirks.register === 'boot') return lifetimeWh - evse.bootWh
    if (quirks.register === 'session') return lifetimeWh - (tx?.baseWh ?? lifetimeWh)
    return lifetimeWh
  }

  const idFor = (tx: Transaction): number | undefined => {
    const rule = quirks.transactionId
    if (rule && (rule.when === 'always' || tx.startedOffline)) {
      return rule.value === 'random' ? 900_000 + tx.number : rule.value
    }
    return typeof tx.id === 'number' ? tx.id : undefined
  }

  const status = (evse: EvseState | undefined, errorCode = 'NoError'): Outgoing => {
    const payload = {
      connectorId: evse?.id ?? 0,
      errorCode,
      status: evse?.status ?? 'Available',
      timestamp: stamp(),
    }
    return { action: 'StatusNotification', kind: 'live', evse: evse?.id ?? 0, build: () => payload }
  }

  const reading = (evse: EvseState, tx: Transaction | undefined): Reading => ({
    registerWh: register(evse, tx),
    powerW: evse.powerW,
    currentA: evse.currentA,
    voltageV: 208,
    ...(evse.soc === undefined ? {} : { soc: evse.soc }),
  })

  const meterValues = (evse: EvseState, tx: Transaction | undefined, context: string): Outgoing[] => {
    const timestamp = stamp()
    const list = measurements(reading(evse, tx), quirks, tx?.samples ?? 0)
    if (tx) tx.samples += 1
    const meterValue = [{ timestamp, sampledValue: sampledValues16(list, context, quirks) }]
    const own: Outgoing = {
      action: 'MeterValues',
      kind: tx ? 'transaction' : 'live',
      phase: 'meter',
      evse: evse.id,
      ...(tx ? { transaction: tx.number } : {}),
      build: () => {
        const transactionId = tx && !quirks.omitMeterTransactionId ? idFor(tx) : undefined
        return { connectorId: evse.id, ...(transactionId === undefined ? {} : { transactionId }), meterValue }
      },
    }
    if (!quirks.stationMeterOnZero) return [own]
    const total = ctx.evses.reduce((sum, one) => sum + one.registerWh, 0)
    const main = measurements({ ...reading(evse, tx), registerWh: total }, quirks, 0)
    const payload = {
      connectorId: 0,
      meterValue: [{ timestamp, sampledValue: sampledValues16(main, 'Sample.Clock', quirks) }],
    }
    return [own, { action: 'MeterValues', kind: 'live', evse: 0, build: () => payload }]
  }

  const start = (evse: EvseState, tx: Transaction): Outgoing => {
    const zero = quirks.zeroMeterStart === 'always' || (quirks.zeroMeterStart === 'offline' && tx.startedOffline)
    const payload: Payload = {
      connectorId: evse.id,
      idTag: tagOf(tx.token),
      meterStart: zero ? 0 : register(evse, tx),
      timestamp: stamp(),
    }
    return {
      action: 'StartTransaction',
      kind: 'transaction',
      phase: 'start',
      evse: evse.id,
      transaction: tx.number,
      build: () => payload,
      onReply: (reply) => {
        const id = reply.transactionId
        if (typeof id === 'number') tx.id ??= id
      },
    }
  }

  const stopMeter = (evse: EvseState, tx: Transaction) => {
    switch (quirks.meterStop) {
      case 'minusOne':
        return { meterStop: -1 }
      case 'missing':
        return {}
      case 'belowStart':
        return { meterStop: Math.max(0, register(evse, tx, tx.baseWh) - 100) }
      case undefined:
        return { meterStop: register(evse, tx) }
    }
  }

  const stop = (evse: EvseState, tx: Transaction, reason: string, token: Token | undefined): Outgoing => {
    const tag = quirks.stopTag === 'none' ? undefined : quirks.stopTag === 'other' ? 'DEADBEEF' : token && tagOf(token)
    const fixed: Payload = {
      ...(tag === undefined ? {} : { idTag: tag }),
      ...stopMeter(evse, tx),
      timestamp: stamp(),
      reason: quirks.stopReason ?? reason,
    }
    return {
      action: 'StopTransaction',
      kind: 'transaction',
      phase: 'stop',
      evse: evse.id,
      transaction: tx.number,
      build: () => ({ transactionId: idFor(tx) ?? unknownTransaction, ...fixed }),
    }
  }

  const end = (evse: EvseState, reason: string, token: Token | undefined): Outgoing[] => {
    const tx = evse.transaction
    if (!tx) return []
    const late = quirks.meterAfterStop
    const out = [stop(evse, tx, reason, token)]
    evse.transaction = undefined
    evse.powerW = 0
    evse.currentA = 0
    if (late) {
      evse.registerWh += 1
      out.push(...meterValues(evse, tx, 'Sample.Clock'))
    }
    return out
  }

  return {
    boot: () => ({
      action: 'BootNotification',
      kind: 'live',
      build: () => ({
        chargePointVendor: ctx.identity.vendor,
        chargePointModel: ctx.identity.model,
        chargePointSerialNumber: quirks.longSerial ? ctx.identity.serial.padEnd(33, '0') : ctx.identity.serial,
        firmwareVersion: ctx.identity.firmware,
      }),
    }),
    heartbeat: () => ({ action: 'Heartbeat', kind: 'live', build: () => ({}) }),
    status,
    authorize: (token) => ({ action: 'Authorize', kind: 'live', build: () => ({ idTag: tagOf(token) }) }),
    authorizationStatus: (reply) => statusOf(reply.idTagInfo),
    plugged: (evse) => {
      evse.status = 'Preparing'
      return [status(evse)]
    },
    begin: (evse, token, remoteStartId) => {
      const tx = ctx.openTransaction(evse, token, remoteStartId)
      const out = [start(evse, tx)]
      if (quirks.earlyMeter || !quirks.omitTransactionBegin) out.push(...meterValues(evse, tx, 'Transaction.Begin'))
      evse.status = 'Charging'
      return [...out, status(evse)]
    },
    sample: (evse, context) => meterValues(evse, evse.transaction, context),
    chargingState: (evse, state) => {
      evse.status = state
      return [status(evse)]
    },
    finish: (evse, reason, token) => {
      const out = end(evse, reason, token)
      evse.status = 'Finishing'
      return [...out, status(evse, quirks.finishingWithError ? 'OtherError' : 'NoError')]
    },
    unplugged: (evse) => {
      const out = end(evse, 'EVDisconnected', undefined)
      evse.status = 'Available'
      return [...out, status(evse)]
    },
    booted: () => {},
    answer: (action, payload, controls) =>
      answer16(action, payload, { controls, settings, status, meterValues, ctx, idFor }),
  }
}

function statusOf(info: unknown): string {
  if (typeof info !== 'object' || info === null || !('status' in info)) return 'Invalid'
  return String(info.status)
}
