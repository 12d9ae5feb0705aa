// Owns what a 2.0.1 charging station says for each thing that happens at it (OCPP 2.0.1 part 2, blocks B, C, E, G, J).
// Must not send; station.ts does. Shares no code with the hub's own translation.
import { answer201 } from './commands-201.ts'
import { deformTag, deviceTimestamp } from './deform.ts'
import type {
  Dialect,
  DialectContext,
  EvseState,
  Happening,
  Outgoing,
  Payload,
  Token,
  Transaction,
  TxStartPoint,
} from './model.ts'
import { measurements, sampledValues201 } from './sampled-values.ts'
import { createSettings, settings201 } from './settings.ts'

export function createDialect201(ctx: DialectContext, startPoint: TxStartPoint): Dialect {
  const { quirks } = ctx
  const settings = createSettings(settings201(startPoint), quirks)
  const stamp = () => deviceTimestamp(ctx.now(), quirks)
  let idsSinceBoot = 0

  const idToken = (token: Token) => ({ idToken: deformTag(token.value, quirks), type: token.type })

  const registerOf = (evse: EvseState, tx: Transaction) => {
    if (quirks.register === 'boot') return evse.registerWh - evse.bootWh
    if (quirks.register === 'session') return evse.registerWh - tx.baseWh
    return evse.registerWh
  }

  const nextSeqNo = (tx: Transaction) => {
    if (quirks.seqNo === 'zero') return 0
    if (quirks.seqNo === 'restartsOnReconnect' && tx.seqEpoch !== ctx.reconnects()) {
      tx.seqEpoch = ctx.reconnects()
      tx.seqNo = 0
    }
    const seqNo = tx.seqNo
    tx.seqNo += quirks.seqNo === 'gaps' && ctx.chance(0.5) ? 2 : 1
    return seqNo
  }

  const meterValue = (evse: EvseState, tx: Transaction, context: string) => {
    if (quirks.omitTransactionBegin && context === 'Transaction.Begin') return {}
    const zero =
      context === 'Transaction.Begin' &&
      (quirks.zeroMeterStart === 'always' || (quirks.zeroMeterStart === 'offline' && tx.startedOffline))
    const list = measurements(
      {
        registerWh: zero ? 0 : registerOf(evse, tx),
        powerW: evse.powerW,
        currentA: evse.currentA,
        voltageV: 208,
        ...(evse.soc === undefined ? {} : { soc: evse.soc }),
      },
      quirks,
      tx.samples,
    )
    tx.samples += 1
    return { meterValue: [{ timestamp: stamp(), sampledValue: sampledValues201(list, context, quirks) }] }
  }

  const event = (evse: EvseState, tx: Transaction, what: Happening): Outgoing => {
    if (quirks.reuseTransactionIds && tx.id === undefined) tx.id = `${ctx.stationId}-${++idsSinceBoot}`
    tx.id ??= ctx.newId()
    const payload: Payload = {
      eventType: what.eventType,
      timestamp: stamp(),
      triggerReason: what.trigger,
      seqNo: nextSeqNo(tx),
      ...(ctx.online() || quirks.omitOfflineFlag ? {} : { offline: true }),
      transactionInfo: {
        transactionId: tx.id,
        ...(what.chargingState ? { chargingState: what.chargingState } : {}),
        ...(what.stoppedReason ? { stoppedReason: quirks.stopReason ?? what.stoppedReason } : {}),
        ...(tx.remoteStartId === undefined ? {} : { remoteStartId: tx.remoteStartId }),
      },
      evse: { id: evse.id, connectorId: 1 },
      ...(what.token ? { idToken: idToken(what.token) } : {}),
      ...(what.context ? meterValue(evse, tx, what.context) : {}),
    }
    const phase = { Started: 'start', Updated: what.context ? 'meter' : 'update', Ended: 'stop' } as const
    return {
      action: 'TransactionEvent',
      kind: 'transaction',
      phase: phase[what.eventType],
      evse: evse.id,
      transaction: tx.number,
      build: () => payload,
    }
  }

  const status = (evse: EvseState | undefined): Outgoing => {
    const words: Record<EvseState['status'], string> = {
      Available: 'Available',
      Preparing: 'Occupied',
      Charging: 'Occupied',
      SuspendedEV: 'Occupied',
      SuspendedEVSE: 'Occupied',
      Finishing: 'Occupied',
      Unavailable: 'Unavailable',
      Faulted: 'Faulted',
    }
    const payload = {
      timestamp: stamp(),
      connectorStatus: words[evse?.status ?? 'Available'],
      evseId: evse?.id ?? 0,
      connectorId: evse ? 1 : 0,
    }
    return { action: 'StatusNotification', kind: 'live', evse: evse?.id ?? 0, build: () => payload }
  }

  const finalSample = (evse: EvseState) => {
    evse.powerW = 0
    evse.currentA = 0
  }

  return {
    boot: (reason) => ({
      action: 'BootNotification',
      kind: 'live',
      build: () => ({
        reason,
        chargingStation: {
          vendorName: ctx.identity.vendor,
          model: ctx.identity.model,
          serialNumber: quirks.longSerial ? ctx.identity.serial.padEnd(33, '0') : ctx.identity.serial,
          firmwareVersion: ctx.identity.firmware,
        },
      }),
    }),
    heartbeat: () => ({ action: 'Heartbeat', kind: 'live', build: () => ({}) }),
    status,
    authorize: (token) => ({ action: 'Authorize', kind: 'live', build: () => ({ idToken: idToken(token) }) }),
    authorizationStatus: (reply) => statusOf(reply.idTokenInfo),
    plugged: (evse) => {
      evse.status = 'Preparing'
      if (startPoint !== 'EVConnected') return [status(evse)]
      const tx = ctx.openTransaction(evse, undefined, undefined)
      tx.energising = false
      const trigger = 'CablePluggedIn'
      const context = 'Transaction.Begin'
      return [status(evse), event(evse, tx, { eventType: 'Started', trigger, chargingState: 'EVConnected', context })]
    },
    begin: (evse, token, remoteStartId) => {
      const trigger = remoteStartId === undefined ? 'Authorized' : 'RemoteStart'
      const running = evse.transaction
      const tx = running ?? ctx.openTransaction(evse, token, remoteStartId)
      tx.token = token
      tx.energising = true
      tx.finishReason = undefined
      if (remoteStartId !== undefined) tx.remoteStartId = remoteStartId
      evse.status = 'Charging'
      const first: Happening = running
        ? { eventType: 'Updated', trigger, chargingState: 'EVConnected', token }
        : { eventType: 'Started', trigger, chargingState: 'EVConnected', token, context: 'Transaction.Begin' }
      return [
        event(evse, tx, first),
        event(evse, tx, { eventType: 'Updated', trigger: 'ChargingStateChanged', chargingState: 'Charging' }),
      ]
    },
    sample: (evse, context) => {
      const tx = evse.transaction
      if (!tx) return []
      const trigger =
        context === 'Trigger' ? 'Trigger' : context === 'Sample.Clock' ? 'MeterValueClock' : 'MeterValuePeriodic'
      return [event(evse, tx, { eventType: 'Updated', trigger, context })]
    },
    chargingState: (evse, state) => {
      evse.status = state
      const tx = evse.transaction
      if (!tx) return []
      return [event(evse, tx, { eventType: 'Updated', trigger: 'ChargingStateChanged', chargingState: state })]
    },
    finish: (evse, reason, token) => {
      const tx = evse.transaction
      if (!tx) return []
      const trigger = reason === 'Remote' ? 'RemoteStop' : reason === 'Local' ? 'StopAuthorized' : 'AbnormalCondition'
      const withToken = token && quirks.stopTag !== 'none' ? { token } : {}
      finalSample(evse)
      tx.energising = false
      tx.finishReason = reason
      evse.status = 'Finishing'
      // Losing power ends a transaction whatever its usual end is: the station cannot know what the cable does meanwhile.
      if (startPoint === 'EVConnected' && reason !== 'PowerLoss') {
        const context = 'Sample.Periodic'
        return [event(evse, tx, { eventType: 'Updated', trigger, chargingState: 'EVConnected', ...withToken, context })]
      }
      evse.transaction = undefined
      const context = 'Transaction.End'
      const chargingState = 'EVConnected'
      return [
        event(evse, tx, { eventType: 'Ended', trigger, chargingState, stoppedReason: reason, ...withToken, context }),
      ]
    },
    unplugged: (evse) => {
      const tx = evse.transaction
      evse.status = 'Available'
      evse.transaction = undefined
      if (!tx) return [status(evse)]
      finalSample(evse)
      const stoppedReason = tx.finishReason ?? 'EVDisconnected'
      return [
        event(evse, tx, {
          eventType: 'Ended',
          trigger: 'EVDeparted',
          chargingState: 'Idle',
          stoppedReason,
          context: 'Transaction.End',
        }),
        status(evse),
      ]
    },
    booted: () => {
      idsSinceBoot = 0
    },
    answer: (action, payload, controls) => answer201(action, payload, { controls, settings, status, ctx, event }),
  }
}

function statusOf(info: unknown): string {
  if (typeof info !== 'object' || info === null || !('status' in info)) return 'Invalid'
  return String(info.status)
}
