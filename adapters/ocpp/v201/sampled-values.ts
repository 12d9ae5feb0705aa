// Owns the reading of OCPP 2.x MeterValueType lists into neutral samples.
// Must not convert units itself; meter-sample.ts does.
import type { OCPP20 } from 'typed-ocpp'
import type { MeterSample } from '../../../core/plugin/index.ts'
import { deviceTime } from '../device-time.ts'
import type { Loose, Reading } from '../message.ts'
import { addReading, type Draft, draftFor, finishSample, neutralContext } from '../meter-sample.ts'

type MeterValueType = OCPP20.MeterValuesRequest['meterValue'][number]

export function readSamples(
  list: readonly Loose<MeterValueType>[] | undefined,
  reading: Reading,
  receivedAt: Date,
): MeterSample[] {
  const samples: MeterSample[] = []
  if (list === undefined) return samples
  for (const { timestamp, sampledValue } of list) {
    if (sampledValue === undefined || sampledValue.length === 0) {
      reading.note('M2')
      continue
    }
    const time = deviceTime(timestamp, receivedAt, reading.profile.clockZone, reading)
    const drafts: Draft[] = []
    for (const { value, context, measurand, phase, location, signedMeterValue, unitOfMeasure } of sampledValue) {
      const into = draftFor(drafts, time, neutralContext(context))
      if (signedMeterValue !== undefined) {
        // Signed data goes on byte for byte: it is evidence, not a number.
        const { signedMeterData, signingMethod, encodingMethod, publicKey } = signedMeterValue
        if (signedMeterData !== undefined) {
          into.signed.push({
            measurand: measurand ?? 'Energy.Active.Import.Register',
            data: signedMeterData,
            ...(encodingMethod === undefined ? {} : { encoding: encodingMethod }),
            ...(signingMethod === undefined ? {} : { method: signingMethod }),
            ...(publicKey === undefined ? {} : { publicKey }),
          })
        }
      }
      if (value === undefined) {
        reading.note('M2')
        continue
      }
      const text = String(value)
      const unit = unitOfMeasure?.unit
      addReading(into, { text, measurand, phase, location, unit, multiplier: unitOfMeasure?.multiplier ?? 0 }, reading)
    }
    for (const each of drafts) samples.push(finishSample(each, reading))
  }
  return samples
}

/** The register at the beginning or end of a transaction: contexts are often wrong (M11), so the first or last one counts. */
export function registerAt(samples: readonly MeterSample[], phase: 'started' | 'ended'): number | undefined {
  const wanted = phase === 'started' ? 'begin' : 'end'
  let found: number | undefined
  for (const { context, registerWh } of samples) {
    if (registerWh === undefined) continue
    if (context === wanted) return registerWh
    if (found === undefined || phase === 'ended') found = registerWh
  }
  return found
}
